package sheet

import "hash/crc32"

// combineCRC32 returns the IEEE CRC-32 of A followed by B, given the CRC-32 of each and the length of B in
// bytes. It takes O(log lenB) steps.
//
// A CRC is a polynomial over GF(2) modulo P. Appending B multiplies A's by x^(8·lenB) and adds B's; the
// initial and final inversions of CRC-32 cancel out in that sum.
func combineCRC32(a, b uint32, lenB int64) uint32 {
	return mulModP(a, xPow8(uint64(lenB))) ^ b
}

// xPow8 returns x^(8n) mod P by repeated squaring.
func xPow8(n uint64) uint32 {
	const one, x8 = 1 << 31, 1 << 23 // reflected: bit 31 is x^0, bit 23 is x^8
	power, square := uint32(one), uint32(x8)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			power = mulModP(power, square)
		}
		square = mulModP(square, square)
	}
	return power
}

// mulModP multiplies two reflected polynomials modulo P.
func mulModP(a, b uint32) uint32 {
	var product uint32
	for bit := uint32(1 << 31); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= crc32.IEEE
		}
	}
	return product
}
