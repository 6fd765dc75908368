//go:build !purego

#include "textflag.h"

// func equalBut(a, b *byte, free *uint32, n int) bool
TEXT ·equalBut(SB), NOSPLIT, $0-33
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	MOVQ free+16(FP), BX
	MOVQ n+24(FP), CX

next:
	VMOVDQU (SI), Y0
	VPCMPEQB (DI), Y0, Y0
	VPMOVMSKB Y0, AX
	ORL (BX), AX
	CMPL AX, $-1
	JNE differs
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $4, BX
	DECQ CX
	JNE next
	MOVB $1, ret+32(FP)
	VZEROUPPER
	RET

differs:
	MOVB $0, ret+32(FP)
	VZEROUPPER
	RET
