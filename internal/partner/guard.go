package partner

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// addressError is that of a connection to where a partner must not be.
type addressError struct {
	kind string
}

func (e *addressError) Error() string {
	return fmt.Sprintf("the partner's host has a %s address, which is not allowed (LONGHAUL_PARTNER_ALLOW_PRIVATE)", e.kind)
}

// guardAddress is a dialer's Control: it sees the address of every connection after its name was looked up, just before
// it is made. So it does not matter in what form an address was written, or that a name leads somewhere else than a
// moment ago.
func guardAddress(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &addressError{"unreadable " + network} // rather none than one that was not checked
	}
	if kind := inside(at.Addr()); kind != "" {
		return &addressError{kind}
	}
	return nil
}

type addressRange struct {
	prefix netip.Prefix
	kind   string
}

// closed4 are the special-purpose ranges of IPv4, by IANA's registry (RFC 6890) and one cloud's habit.
var closed4 = []addressRange{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier's private"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "link-local"}, // Azure's host, from within every machine there
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},   // also the metadata of most clouds
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "reserved"}, // the former relays of 6to4
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmark"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"}, // and broadcast
}

// closed6 name the ranges of IPv6 that are often met. The rest of what is not [global6] is reserved.
var closed6 = []addressRange{
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "private"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // Teredo, ORCHID, benchmarks
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "reserved"}, // 6to4
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
}

var (
	// global6 is all that was ever given out for use on the internet.
	global6 = netip.MustParsePrefix("2000::/3")
	// nat64 holds IPv4 addresses in its last four bytes, as networks without IPv4 write them (RFC 6052).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// inside says what kind of address it is that must not be reached; empty: it is one of the internet's.
func inside(a netip.Addr) string {
	a = a.WithZone("").Unmap()
	if nat64.Contains(a) {
		bytes := a.As16()
		a = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	closed := closed6
	if a.Is4() {
		closed = closed4
	}
	for _, r := range closed {
		if r.prefix.Contains(a) {
			return r.kind
		}
	}
	if !a.Is4() && !global6.Contains(a) {
		return "reserved"
	}
	return ""
}

// asRefused finds a refusal in the error of a dialer.
func asRefused(err error) (*addressError, bool) {
	var refused *addressError
	return refused, errors.As(err, &refused)
}
