package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

// DefaultKeepFor is long enough for a file that was asked for on a Friday to be fetched the Friday after.
const DefaultKeepFor = 7 * 24 * time.Hour

// storeFile stores what write writes as a job's file to download, whole or not at all, and tells of it all but its
// name and what is in it. A keepFor of zero means [DefaultKeepFor].
func storeFile(
	ctx context.Context, blobs *blob.Store, jobID string, format sheet.Format, now func() time.Time, keepFor time.Duration,
	write func(io.Writer) error,
) (*job.Artifact, error) {
	key := contract.ArtifactKey(jobID, format.Extension())
	out, err := blobs.Writer(ctx, key, format.ContentType())
	if err != nil {
		return nil, err
	}
	sum, size := sha256.New(), counter(0)
	if err := write(io.MultiWriter(out, sum, &size)); err != nil {
		out.Abort()
		return nil, err
	}
	if err := out.Close(); err != nil {
		return nil, fmt.Errorf("store file: %w", err)
	}
	if keepFor == 0 {
		keepFor = DefaultKeepFor
	}
	at := now().UTC()
	return &job.Artifact{
		Key: key, ContentType: format.ContentType(), Size: int64(size), SHA256: hex.EncodeToString(sum.Sum(nil)),
		CreatedAt: at, ExpiresAt: at.Add(keepFor),
	}, nil
}

// counter counts the bytes written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
