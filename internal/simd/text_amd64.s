//go:build !purego

#include "textflag.h"

// func plainRun(p *byte, n int) int
//
// One added to 0x7f, as to all above it but 0xff, gives a byte with the highest bit; 0xff has it itself.
TEXT ·plainRun(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ SI, DI
	LEAQ -32(SI)(CX*1), BX // the last place at which 32 can be looked at
	VPCMPEQD Y1, Y1, Y1    // minus one

run:
	VMOVDQU (DI), Y0
	VPSUBB Y1, Y0, Y2
	VPOR Y0, Y2, Y2
	VPMOVMSKB Y2, AX
	TESTL AX, AX
	JNE end
	ADDQ $32, DI
	CMPQ DI, BX
	JBE run
	XORL AX, AX
	JMP whole

end:
	BSFL AX, AX

whole:
	SUBQ SI, DI
	ADDQ AX, DI
	MOVQ DI, ret+16(FP)
	VZEROUPPER
	RET

// What doesn't stand for itself in a JSON string, by the lower and by the upper half of a byte: controls, " and &, < and >, \, and 0x7f
// have a bit each.
DATA ·jsonLower+0x00(SB)/8, $0x0103010101030101
DATA ·jsonLower+0x08(SB)/8, $0x1105010d01010101
GLOBL ·jsonLower(SB), RODATA|NOPTR, $16
DATA ·jsonUpper+0x00(SB)/8, $0x1000080004020101
DATA ·jsonUpper+0x08(SB)/8, $0x0000000000000000
GLOBL ·jsonUpper(SB), RODATA|NOPTR, $16

// func json16(dst, units *byte, n int) (written, read int)
//
// X1 and X2 are the tables, X3 the lower half of every byte, X4 zero.
TEXT ·json16(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ units+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ DI, R8
	MOVQ SI, R9
	VMOVDQU ·jsonLower(SB), X1
	VMOVDQU ·jsonUpper(SB), X2
	VPXOR X4, X4, X4
	VPCMPEQD X3, X3, X3
	VPSRLW $12, X3, X3
	VPACKUSWB X3, X3, X3

next:
	// Sixteen units as bytes: what is above 0xff comes to 0xff, or to zero, and neither stands for itself.
	VMOVDQU (SI), X0
	VPACKUSWB 16(SI), X0, X0
	VMOVDQU X0, (DI)
	VPSRLW $4, X0, X5
	VPAND X3, X5, X5
	VPSHUFB X5, X2, X5
	VPSHUFB X0, X1, X6
	VPAND X6, X5, X5
	VPCMPEQB X4, X5, X5
	VPMOVMSKB X5, AX
	XORL $0xffff, AX
	VPMOVMSKB X0, DX // from 0x80 on
	ORL DX, AX
	ORL $0x10000, AX
	BSFL AX, AX
	CMPQ AX, CX
	JGE last
	ADDQ AX, DI
	LEAQ (SI)(AX*2), SI
	SUBQ AX, CX
	CMPL AX, $16
	JEQ next
	MOVWLZX (SI), AX
	CMPL AX, $0x5c
	JEQ escape
	CMPL AX, $0x22
	JNE done

escape:
	MOVB $0x5c, (DI)
	MOVB AX, 1(DI)
	ADDQ $2, DI
	ADDQ $2, SI
	DECQ CX
	JNE next
	JMP done

last: // all that are left stand for themselves
	ADDQ CX, DI
	LEAQ (SI)(CX*2), SI

done:
	SUBQ R8, DI
	MOVQ DI, written+24(FP)
	SUBQ R9, SI
	SHRQ $1, SI
	MOVQ SI, read+32(FP)
	RET
