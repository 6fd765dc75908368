//go:build !purego

#include "textflag.h"

// PLACE makes, of the bytes in x, the sets that have such a byte at a place whose tables are lower and upper.
#define PLACE(x, lower, upper, h) \
	VPSRLW  $4, x, h         \
	VPAND   Y6, h, h         \
	VPSHUFB x, lower, x      \
	VPSHUFB h, upper, h      \
	VPAND   h, x, x

// func triplesIn(t *Triples, p *byte, n int) bool
//
// Y0 to Y5 are the tables, twice each; Y6 is the lower half of every byte. A byte from 0x80 on has no set: VPSHUFB gives zero for it, and
// the tables of upper halves are empty there.
TEXT ·triplesIn(SB), NOSPLIT, $0-25
	MOVQ t+0(FP), AX
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTI128 0(AX), Y0
	VBROADCASTI128 16(AX), Y1
	VBROADCASTI128 32(AX), Y2
	VBROADCASTI128 48(AX), Y3
	VBROADCASTI128 64(AX), Y4
	VBROADCASTI128 80(AX), Y5
	MOVL $0x0f0f0f0f, DX
	MOVQ DX, X6
	VPBROADCASTD X6, Y6
	LEAQ -32(SI)(CX*1), DI // the last place at which 32 can be looked at
	LEAQ (SI)(CX*1), BX

next:
	VMOVDQU 2(SI), Y8
	VMOVDQU 4(SI), Y9
	PLACE(Y8, Y2, Y3, Y11)
	PLACE(Y9, Y4, Y5, Y12)
	VPTEST Y8, Y9
	JNE two

pass:
	ADDQ $32, SI
	CMPQ SI, DI
	JBE next
	CMPQ SI, BX
	JEQ none
	MOVQ DI, SI // the rest, with some that were looked at before
	JMP next

two: // of the three places have a byte of one set
	VMOVDQU (SI), Y7
	PLACE(Y7, Y0, Y1, Y10)
	VPAND Y7, Y8, Y8
	VPTEST Y8, Y9
	JEQ pass
	MOVB $1, ret+24(FP)
	VZEROUPPER
	RET

none:
	MOVB $0, ret+24(FP)
	VZEROUPPER
	RET

// func triplesWide(tables *[places][0x80]uint8, p *byte, n int) bool
//
// Z0 and Z1 are the table of the second place, Z2 and Z3 of the third, Z4 and Z5 of the first. VPERMI2B looks up the lower seven bits of a
// byte, so what two places have in common is looked at once more without the bytes from 0x80 on.
TEXT ·triplesWide(SB), NOSPLIT, $0-25
	MOVQ tables+0(FP), AX
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVDQU64 128(AX), Z0
	VMOVDQU64 192(AX), Z1
	VMOVDQU64 256(AX), Z2
	VMOVDQU64 320(AX), Z3
	LEAQ -64(SI)(CX*1), DI // the last place at which 64 can be looked at
	LEAQ (SI)(CX*1), BX

next:
	VMOVDQU64 2(SI), Z8
	VMOVDQU64 4(SI), Z9
	VPERMI2B Z1, Z0, Z8
	VPERMI2B Z3, Z2, Z9
	VPTESTMB Z8, Z9, K1
	KORTESTQ K1, K1
	JNE two

pass:
	ADDQ $64, SI
	CMPQ SI, DI
	JBE next
	CMPQ SI, BX
	JEQ none
	MOVQ DI, SI // the rest, with some that were looked at before
	JMP next

two: // of the three places may have a byte of one set
	VMOVDQU64 (AX), Z4
	VMOVDQU64 64(AX), Z5
	VMOVDQU64 (SI), Z7
	VPORQ 2(SI), Z7, Z10
	VPORQ 4(SI), Z10, Z10
	VPMOVB2M Z10, K2
	KNOTQ K2, K2
	VPERMI2B Z5, Z4, Z7
	VPANDQ Z8, Z9, Z8
	VPTESTMB Z7, Z8, K2, K1
	KORTESTQ K1, K1
	JEQ pass
	MOVB $1, ret+24(FP)
	VZEROUPPER
	RET

none:
	MOVB $0, ret+24(FP)
	VZEROUPPER
	RET
