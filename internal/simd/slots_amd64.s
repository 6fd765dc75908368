//go:build !purego

#include "textflag.h"

// Ones for as many of eight as there are left: read from 4*left bytes before the middle.
DATA ·left+0x00(SB)/8, $-1
DATA ·left+0x08(SB)/8, $-1
DATA ·left+0x10(SB)/8, $-1
DATA ·left+0x18(SB)/8, $-1
DATA ·left+0x20(SB)/8, $0
DATA ·left+0x28(SB)/8, $0
DATA ·left+0x30(SB)/8, $0
DATA ·left+0x38(SB)/8, $0
GLOBL ·left(SB), RODATA|NOPTR, $64

DATA ·lastOf+0x00(SB)/8, $0x0000000700000007
DATA ·lastOf+0x08(SB)/8, $0x0000000700000007
DATA ·lastOf+0x10(SB)/8, $0x0000000700000007
DATA ·lastOf+0x18(SB)/8, $0x0000000700000007
GLOBL ·lastOf(SB), RODATA|NOPTR, $32

// func slots8(slots *uint64, descriptors *byte, n, pos int, c *Classes) (end int, classes, marked uint64)
//
// Y8 is where the first of eight values begins, in all its places; Y9 the classes so far. Y10 to Y15 stay as they are: sizes' bits, what
// stands above an offset, half a byte, the two tables, the place of the last of eight.
TEXT ·slots8(SB), NOSPLIT, $0-64
	MOVQ slots+0(FP), DI
	MOVQ descriptors+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ c+32(FP), AX
	VPBROADCASTD pos+24(FP), Y8
	VPXOR X9, X9, X9
	VPCMPEQD Y12, Y12, Y12
	VPSRLD $16, Y12, Y10
	VPSLLD $16, Y12, Y11
	VPSRLD $28, Y12, Y12
	VBROADCASTI128 0(AX), Y13
	VBROADCASTI128 16(AX), Y14
	VMOVDQU ·lastOf(SB), Y15
	LEAQ ·left+32(SB), BX
	MOVQ $64, R8 // less the marks read
	XORQ R9, R9

next:
	VMOVDQU (SI), Y0
	CMPQ CX, $8
	JGE eight
	MOVQ CX, DX
	NEGQ DX
	VPAND (BX)(DX*4), Y0, Y0

eight:
	// Y1 the sizes, Y2 sums of them, each its own included.
	VPAND Y10, Y0, Y1
	VPSLLDQ $4, Y1, Y2
	VPADDD Y1, Y2, Y2
	VPSLLDQ $8, Y2, Y3
	VPADDD Y3, Y2, Y2
	VPSHUFD $0xff, Y2, Y3
	VPERM2I128 $0x08, Y3, Y3, Y3
	VPADDD Y3, Y2, Y2
	// Y3 the offsets: what comes before.
	VPSUBD Y1, Y2, Y3
	VPADDD Y8, Y3, Y3
	VPERMD Y2, Y15, Y2
	VPADDD Y2, Y8, Y8
	VPOR Y11, Y3, Y3
	VPUNPCKLDQ Y3, Y0, Y4
	VPUNPCKHDQ Y3, Y0, Y5
	VPERM2I128 $0x20, Y5, Y4, Y6
	VPERM2I128 $0x31, Y5, Y4, Y7
	VMOVDQU Y6, (DI)
	VMOVDQU Y7, 32(DI)
	// The classes of their types.
	VPSRLD $16, Y0, Y1
	VPSRLD $20, Y0, Y2
	VPAND Y12, Y1, Y1
	VPAND Y12, Y2, Y2
	VPSHUFB Y1, Y13, Y1
	VPSHUFB Y2, Y14, Y2
	VPAND Y1, Y2, Y2
	VPOR Y2, Y9, Y9
	// Their marks come in from above: the last eight are on top.
	VPSLLD $24, Y2, Y2
	VMOVMSKPS Y2, DX
	SHLQ $56, DX
	SHRQ $8, R9
	ORQ DX, R9
	SUBQ $8, R8
	ADDQ $32, SI
	ADDQ $64, DI
	SUBQ $8, CX
	JG next

	VEXTRACTI128 $1, Y9, X1
	VPOR X1, X9, X9
	VPSHUFD $0x4e, X9, X1
	VPOR X1, X9, X9
	VPSHUFD $0xb1, X9, X1
	VPOR X1, X9, X9
	VMOVD X9, AX
	MOVBLZX AX, AX
	MOVQ AX, classes+48(FP)
	VMOVD X8, AX
	MOVQ AX, end+40(FP)
	MOVQ R8, CX
	SHRQ CX, R9
	MOVQ R9, marked+56(FP)
	VZEROUPPER
	RET
