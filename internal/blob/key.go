package blob

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ErrKey says that a key or prefix is not one that every store can keep. It is a fault of the program.
var ErrKey = errors.New("not a valid blob key")

const (
	// maxKey is below the 1,024 bytes of S3, to leave room for the prefix of a shared bucket.
	maxKey = 900
	// maxSegment is below the 255 bytes of a file name, to leave room for the ending of a file in the making.
	maxSegment = 220
)

// stranded is what fileblob appends to the name of a file while it writes it: nanoseconds in hex.
var stranded = regexp.MustCompile(`\.[0-9a-f]{16}\.tmp$`)

func isStranded(key string) bool { return stranded.MatchString(key) }

// checkKey refuses what one of the stores would escape, resolve or cut. Letters of any script are welcome.
func checkKey(key string) error {
	var why string
	switch {
	case key == "":
		why = "it is empty"
	case len(key) > maxKey:
		why = fmt.Sprintf("it is longer than %d bytes", maxKey)
	case !utf8.ValidString(key):
		why = "it is not UTF-8"
	case strings.ContainsFunc(key, func(r rune) bool { return r < 32 || r == 127 || r == '\\' }):
		why = "it holds a control character or a backslash"
	case strings.Contains(key, "__0x"):
		why = "it holds __0x, which gocloud.dev takes for an escape"
	case strings.HasSuffix(key, ".attrs"), isStranded(key):
		why = "it has an ending that the file store uses itself"
	default:
		why = checkSegments(key)
	}
	if why == "" {
		return nil
	}
	return fmt.Errorf("key %.100q: %s: %w", key, why, ErrKey)
}

func checkSegments(key string) string {
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return fmt.Sprintf("it holds the segment %q", segment)
		case len(segment) > maxSegment:
			return fmt.Sprintf("it has a segment longer than %d bytes", maxSegment)
		}
	}
	return ""
}

// checkPrefix asks for a whole "directory".
func checkPrefix(prefix string) error {
	dir, found := strings.CutSuffix(prefix, "/")
	if !found {
		return fmt.Errorf("prefix %.100q: it does not end in a slash: %w", prefix, ErrKey)
	}
	return checkKey(dir)
}
