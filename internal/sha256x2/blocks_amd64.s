//go:build !purego

#include "textflag.h"

// The constants of FIPS 180-4, 4.2.2, in the order of the rounds.
DATA ·k+0x00(SB)/8, $0x71374491428a2f98
DATA ·k+0x08(SB)/8, $0xe9b5dba5b5c0fbcf
DATA ·k+0x10(SB)/8, $0x59f111f13956c25b
DATA ·k+0x18(SB)/8, $0xab1c5ed5923f82a4
DATA ·k+0x20(SB)/8, $0x12835b01d807aa98
DATA ·k+0x28(SB)/8, $0x550c7dc3243185be
DATA ·k+0x30(SB)/8, $0x80deb1fe72be5d74
DATA ·k+0x38(SB)/8, $0xc19bf1749bdc06a7
DATA ·k+0x40(SB)/8, $0xefbe4786e49b69c1
DATA ·k+0x48(SB)/8, $0x240ca1cc0fc19dc6
DATA ·k+0x50(SB)/8, $0x4a7484aa2de92c6f
DATA ·k+0x58(SB)/8, $0x76f988da5cb0a9dc
DATA ·k+0x60(SB)/8, $0xa831c66d983e5152
DATA ·k+0x68(SB)/8, $0xbf597fc7b00327c8
DATA ·k+0x70(SB)/8, $0xd5a79147c6e00bf3
DATA ·k+0x78(SB)/8, $0x1429296706ca6351
DATA ·k+0x80(SB)/8, $0x2e1b213827b70a85
DATA ·k+0x88(SB)/8, $0x53380d134d2c6dfc
DATA ·k+0x90(SB)/8, $0x766a0abb650a7354
DATA ·k+0x98(SB)/8, $0x92722c8581c2c92e
DATA ·k+0xa0(SB)/8, $0xa81a664ba2bfe8a1
DATA ·k+0xa8(SB)/8, $0xc76c51a3c24b8b70
DATA ·k+0xb0(SB)/8, $0xd6990624d192e819
DATA ·k+0xb8(SB)/8, $0x106aa070f40e3585
DATA ·k+0xc0(SB)/8, $0x1e376c0819a4c116
DATA ·k+0xc8(SB)/8, $0x34b0bcb52748774c
DATA ·k+0xd0(SB)/8, $0x4ed8aa4a391c0cb3
DATA ·k+0xd8(SB)/8, $0x682e6ff35b9cca4f
DATA ·k+0xe0(SB)/8, $0x78a5636f748f82ee
DATA ·k+0xe8(SB)/8, $0x8cc7020884c87814
DATA ·k+0xf0(SB)/8, $0xa4506ceb90befffa
DATA ·k+0xf8(SB)/8, $0xc67178f2bef9a3f7
GLOBL ·k(SB), RODATA|NOPTR, $256

// The bytes of four words turned round: a message's words are big-endian.
DATA ·turn+0x00(SB)/8, $0x0405060700010203
DATA ·turn+0x08(SB)/8, $0x0c0d0e0f08090a0b
GLOBL ·turn(SB), RODATA|NOPTR, $16

// The next four message words of one stream, in place of the oldest, of the sixteen in w0 to w3:
// w[t] = s1(w[t-2]) + w[t-7] + s0(w[t-15]) + w[t-16].
#define schedule(w0, w1, w2, w3, tmp) \
	SHA256MSG1 w1, w0; \
	VPALIGNR $4, w2, w3, tmp; \
	PADDD tmp, w0; \
	SHA256MSG2 w3, w0

// Four message words as they lie in a block.
#define load(at, p, w) \
	MOVOU at(p), w; \
	PSHUFB X15, w

// Four rounds of one stream with the state a, b and the message words w. SHA256RNDS2 does two rounds with the lower two words of X0,
// message and constant added, and makes the new ABEF of CDGH; so after two of them each half of a state stands in its place again.
#define stream(at, w, a, b) \
	VPADDD at(R8), w, X0; \
	SHA256RNDS2 X0, a, b; \
	PSHUFD $0x0e, X0, X0; \
	SHA256RNDS2 X0, b, a

// Four rounds of both streams. The streams take turns, since each has to wait for itself.
#define four(at, w, v) \
	stream(at, w, X1, X2); \
	stream(at, v, X7, X8)

// Puts the second stream eight cycles, two steps, behind the first: its state is made to hang on a zero that takes so long. Rounds of
// two streams fill the time of the instruction to the last cycle, as long as each finds it free; left alone, one run of blocks in five
// falls out of step and stays so, at two thirds of the speed.
#define apart \
	PXOR X14, X14; \
	VPAND X1, X14, X13; \
	PADDD X14, X13; \
	PADDD X14, X13; \
	PADDD X14, X13; \
	PADDD X14, X13; \
	PADDD X14, X13; \
	PADDD X14, X13; \
	PADDD X13, X7; \
	PADDD X13, X8

// The next four message words of both streams.
#define next(w0, w1, w2, w3, v0, v1, v2, v3) \
	schedule(w0, w1, w2, w3, X13); \
	schedule(v0, v1, v2, v3, X14)

// Sixteen rounds; after each four, their words make way for those of the same place in the next sixteen: so early that no
// round ever waits for its words. X3 to X6 are words of the first stream, X9 to X12 of the second.
#define sixteen(at) \
	four(at, X3, X9); \
	next(X3, X4, X5, X6, X9, X10, X11, X12); \
	four(at+0x10, X4, X10); \
	next(X4, X5, X6, X3, X10, X11, X12, X9); \
	four(at+0x20, X5, X11); \
	next(X5, X6, X3, X4, X11, X12, X9, X10); \
	four(at+0x30, X6, X12); \
	next(X6, X3, X4, X5, X12, X9, X10, X11)

// func blocks(a, b *state, p, q *byte, n int)
TEXT ·blocks(SB), NOSPLIT, $64-40
	MOVQ a+0(FP), AX
	MOVQ b+8(FP), BX
	MOVQ p+16(FP), SI
	MOVQ q+24(FP), DI
	MOVQ n+32(FP), CX
	TESTQ CX, CX
	JLE  done
	LEAQ ·k(SB), R8
	MOVOU ·turn(SB), X15
	MOVOU 0(AX), X1
	MOVOU 16(AX), X2
	MOVOU 0(BX), X7
	MOVOU 16(BX), X8

loop:
	TESTQ $3, CX // once in four blocks is enough
	JNZ  rounds
	apart

rounds:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	MOVOU X7, 32(SP)
	MOVOU X8, 48(SP)
	load(0, SI, X3)
	load(0, DI, X9)
	load(16, SI, X4)
	load(16, DI, X10)
	load(32, SI, X5)
	load(32, DI, X11)
	load(48, SI, X6)
	load(48, DI, X12)
	sixteen(0)
	sixteen(0x40)
	sixteen(0x80)
	four(0xc0, X3, X9)
	four(0xd0, X4, X10)
	four(0xe0, X5, X11)
	four(0xf0, X6, X12)
	VPADDD 0(SP), X1, X1
	VPADDD 16(SP), X2, X2
	VPADDD 32(SP), X7, X7
	VPADDD 48(SP), X8, X8
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  loop
	MOVOU X1, 0(AX)
	MOVOU X2, 16(AX)
	MOVOU X7, 0(BX)
	MOVOU X8, 16(BX)

done:
	RET

// func cpuid(leaf uint32) (eax, ebx, ecx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-20
	MOVL leaf+0(FP), AX
	XORL CX, CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	RET
