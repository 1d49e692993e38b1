; uint8_t swap_nibbles(uint8_t value)
;
; The argument comes in r24 and the result goes back there.

#define VALUE r24

.section .text.swap_nibbles, "ax", @progbits
.global swap_nibbles
.type swap_nibbles, @function
swap_nibbles:
	swap VALUE
	ret
.size swap_nibbles, . - swap_nibbles
