//go:build !purego

#include "textflag.h"

// func unmark(dst *byte, room int, text *byte, n int, words *Words) (written, read int)
//
// Y1 is 0x1f in every byte, R10 and R11 the last places at which there is room and text for a step: it writes 32 bytes of text, and, where a
// mark is among them, 32 from that mark's place on, which may be 31 behind.
TEXT ·unmark(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ room+8(FP), R10
	MOVQ text+16(FP), SI
	MOVQ n+24(FP), R11
	MOVQ words+32(FP), R12
	MOVQ DI, R8
	MOVQ SI, R9
	LEAQ -64(DI)(R10*1), R10
	LEAQ -34(SI)(R11*1), R11
	MOVL $0x1f1f1f1f, AX
	VMOVD AX, X1
	VPBROADCASTD X1, Y1

next:
	CMPQ SI, R11
	JA done
	CMPQ DI, R10
	JA done
	VMOVDQU (SI), Y0
	VMOVDQU Y0, (DI)
	VPMINUB Y1, Y0, Y2
	VPCMPEQB Y0, Y2, Y2
	VPMOVMSKB Y2, AX
	TESTL AX, AX
	JEQ whole
	BSFL AX, AX
	ADDQ AX, DI
	ADDQ AX, SI
	MOVBQZX (SI), BX
	MOVBQZX 1(SI), CX
	TESTL BX, BX
	JEQ done
	ADDQ $2, SI
	SHLQ $8, BX
	LEAQ -256(BX)(CX*1), BX
	LEAQ (BX)(BX*4), BX
	LEAQ (R12)(BX*8), BX // 40 bytes each
	VMOVDQU (BX), Y3
	VMOVDQU Y3, (DI)
	ADDQ 32(BX), DI
	JMP next

whole:
	ADDQ $32, SI
	ADDQ $32, DI
	JMP next

done:
	SUBQ R8, DI
	SUBQ R9, SI
	MOVQ DI, written+40(FP)
	MOVQ SI, read+48(FP)
	VZEROUPPER
	RET
