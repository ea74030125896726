package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/blob/s3blob"
)

// Open opens the store that a URL names:
//
//	file:///srv/longhaul/files   a folder, made if it is missing
//	file://./files               a folder below the working directory
//	s3://bucket/prefix?region=…  a bucket, or the part of it below prefix
//	mem://                       memory, empty at first and gone with the process
//
// For S3 the credentials come from the standard AWS places (environment, profile, instance role). An
// S3-compatible server takes endpoint=https://… and usually use_path_style=true besides; further
// parameters are those of [s3blob.URLOpener]. Open does not reach out to the bucket, see [Store.Check].
func Open(ctx context.Context, rawURL string) (*Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("open blob storage: the URL cannot be parsed") // its text may hold a secret
	}
	if u.User != nil {
		return nil, errors.New("open blob storage: credentials do not belong into the URL; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	switch u.Scheme {
	case fileblob.Scheme:
		return openFolder(u)
	case s3blob.Scheme:
		return openS3(ctx, u)
	case memblob.Scheme:
		return &Store{bucket: memblob.OpenBucket(nil)}, nil
	}
	return nil, fmt.Errorf("open blob storage: scheme %q is none of file, s3, mem", u.Scheme)
}

func openFolder(u *url.URL) (*Store, error) {
	path := u.Path
	switch u.Host {
	case "", "localhost":
	case ".":
		path = "." + path
	default: // file://data/files would otherwise mean /files without a word
		return nil, fmt.Errorf("open blob storage: file://%s%s names a host; write file:///%s%s or file://./%s%s",
			u.Host, u.Path, u.Host, u.Path, u.Host, u.Path)
	}
	if path == "" || u.RawQuery != "" {
		return nil, errors.New("open blob storage: a file URL is file:///folder, without parameters")
	}
	root, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open blob storage: %w", err)
	}
	bucket, err := fileblob.OpenBucket(root, &fileblob.Options{
		CreateDir:   true,
		DirFileMode: 0o750, // customers' data: not for everyone on the machine
		// Half-written files lie beside their targets: the rename from os.TempDir fails where that is another
		// device, as it is in most containers.
		NoTempDir: true,
		// No .attrs file beside each file: content types are known from elsewhere.
		Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open blob storage: %w", err)
	}
	return &Store{bucket: bucket, root: root}, nil
}

func openS3(ctx context.Context, u *url.URL) (*Store, error) {
	query := u.Query()
	// The SDK verifies what S3 can only give for a whole object that was sent in one part, and prints a
	// warning for every range and every object of several parts. Fragments carry their own CRC-32, artifacts
	// their SHA-256.
	setDefault(query, "response_checksum_validation", "when_required")
	if query.Get("endpoint") != "" {
		// Many S3-compatible servers refuse checksums sent as trailers, and few look at the region, without
		// which the SDK does not sign.
		setDefault(query, "request_checksum_calculation", "when_required")
		if os.Getenv("AWS_REGION") == "" {
			setDefault(query, "region", "us-east-1")
		}
	}
	bucketURL := url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: query.Encode()}
	bucket, err := new(s3blob.URLOpener).OpenBucketURL(ctx, &bucketURL)
	if err != nil {
		return nil, fmt.Errorf("open blob storage: %w", err)
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix+"/")
	}
	return &Store{bucket: bucket, upload: true}, nil
}

func setDefault(query url.Values, name, value string) {
	if !query.Has(name) {
		query.Set(name, value)
	}
}
