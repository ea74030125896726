package partner

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInside(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "10.0.0.1": "private", "100.64.0.1": "carrier's private",
		"100.127.255.255": "carrier's private", "127.0.0.1": "loopback", "127.255.255.254": "loopback",
		"169.254.169.254": "link-local", "168.63.129.16": "link-local", "172.16.0.1": "private", "172.31.255.255": "private",
		"192.0.0.8": "reserved", "192.0.2.1": "documentation", "192.88.99.1": "reserved", "192.168.1.1": "private",
		"198.18.0.1": "benchmark", "198.19.255.255": "benchmark", "198.51.100.7": "documentation", "203.0.113.9": "documentation",
		"224.0.0.1": "multicast", "239.255.255.255": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "reserved",

		"::": "unspecified", "::1": "loopback", "fd00:ec2::254": "private", "fc00::1": "private", "fe80::1": "link-local",
		"fe80::1%eth0": "link-local", "fec0::1": "private", "ff02::1": "multicast", "2001:db8::1": "documentation",
		"3fff::1": "documentation", "2001:2::1": "reserved", "2001:0:53aa:64c:0:7f:3f57:fffe": "reserved",
		"2002:7f00:1::": "reserved", "2002:808:808::": "reserved", "100::1": "reserved", "5f00::1": "reserved",
		"4000::1": "reserved", "::127.0.0.1": "reserved", "::8.8.8.8": "reserved", "::ffff:0:127.0.0.1": "reserved",
		"64:ff9b:1::7f00:1": "reserved", // a network's own NAT64

		"::ffff:127.0.0.1": "loopback", "::ffff:10.1.2.3": "private", "::ffff:169.254.169.254": "link-local",
		"64:ff9b::127.0.0.1": "loopback", "64:ff9b::a9fe:a9fe": "link-local", "64:ff9b::10.0.0.1": "private",

		"8.8.8.8": "", "100.63.255.255": "", "100.128.0.1": "", "172.15.255.255": "", "172.32.0.1": "", "192.167.255.255": "",
		"198.20.0.1": "", "223.255.255.255": "", "::ffff:8.8.8.8": "", "64:ff9b::8.8.8.8": "", "2606:4700:4700::1111": "",
		"2001:4860:4860::8888": "", "2a00:1450::1": "",
	} {
		require.Equal(t, want, inside(netip.MustParseAddr(address)), address)
	}
}

func TestGuardAddress(t *testing.T) {
	t.Parallel()
	require.NoError(t, guardAddress("tcp4", "8.8.8.8:443", nil))
	require.NoError(t, guardAddress("tcp6", "[2606:4700:4700::1111]:443", nil))
	for _, address := range []string{"127.0.0.1:80", "[::ffff:127.0.0.1]:80", "[fe80::1%eth0]:80", "nowhere:80", ""} {
		_, refused := asRefused(guardAddress("tcp", address, nil))
		require.True(t, refused, address)
	}
}
