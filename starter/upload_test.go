package starter_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// dock is a starter that takes uploads; it needs no Temporal.
type dock struct {
	*starter.Starter
	clock time.Time
	files string // folder of the blobs, if it is one
}

func newDock(t *testing.T, database, files string) *dock {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, database, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(ctx))
	require.NoError(t, store.InsertMany(ctx, s, []store.Seller{
		{ID: 1, Code: "acme", Name: "Acme", TimeZone: "Asia/Seoul"}, {ID: 2, Code: "other", Name: "Other", TimeZone: "Asia/Seoul"},
	}))
	blobs, err := blob.Open(ctx, files)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })
	kinds, err := catalog.New()
	require.NoError(t, err)
	d := &dock{clock: time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC), files: strings.TrimPrefix(files, "file://")}
	d.Starter = &starter.Starter{Store: s, Kinds: kinds, Blobs: blobs, Now: func() time.Time { return d.clock }}
	return d
}

func folder(t *testing.T) string { return "file://" + t.TempDir() }

var toStock = starter.UploadRequest{Kind: "stock-levels", Tenant: "acme", Name: "count.csv", Size: -1}

// uploads are the keys of the files that are kept.
func (d *dock) uploads(t *testing.T) []string {
	t.Helper()
	var keys []string
	require.NoError(t, d.Blobs.List(t.Context(), contract.UploadsPrefix, func(key string, _ blob.Info) error {
		keys = append(keys, key)
		return nil
	}))
	return keys
}

// nothingKept requires that a refused upload has left neither file nor row.
func (d *dock) nothingKept(t *testing.T, about ...any) {
	t.Helper()
	require.Empty(t, d.uploads(t), about...)
	var rows int64
	require.NoError(t, d.Store.DB(t.Context()).Table("uploads").Count(&rows).Error)
	require.Zero(t, rows, about...)
}

func TestUploadLooksAtTheFile(t *testing.T) {
	t.Parallel()
	look := func(t *testing.T, d *dock) {
		data := []byte("\ufeff재고 실사,\nSKU,창고,Memo,재고 수량\nP-1,W1,x,5\nP-2,W1,,6\n")
		r := toStock
		r.Size = int64(len(data))
		u, err := d.Upload(t.Context(), r, bytes.NewReader(data))
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		require.Equal(t, job.Upload{
			ID: u.ID, Kind: "stock-levels", Tenant: "acme", Name: "count.csv", Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]),
			Format: "csv", Encoding: "utf-8", HeaderRow: 2, CreatedAt: d.clock, ExpiresAt: d.clock.Add(72 * time.Hour), Key: contract.UploadKey(u.ID),
			Columns: []job.UploadColumn{
				{Index: 0, Header: "SKU", Samples: []string{"P-1", "P-2"}, Column: "sku", Confidence: 1, How: job.MatchName},
				{Index: 1, Header: "창고", Samples: []string{"W1", "W1"}, Column: "warehouse", Confidence: 1, How: job.MatchName},
				{Index: 2, Header: "Memo", Samples: []string{"x"}},
				{Index: 3, Header: "재고 수량", Samples: []string{"5", "6"}, Column: "on_hand", Confidence: 1, How: job.MatchName},
			},
		}, u)
		require.Len(t, u.ID, 26)
		stored, err := d.Blobs.Get(t.Context(), u.Key)
		require.NoError(t, err)
		require.Equal(t, data, stored)
		again, err := d.UploadByID(t.Context(), u.ID)
		require.NoError(t, err)
		require.Equal(t, u, again)

		other, err := d.Upload(t.Context(), r, bytes.NewReader(data))
		require.NoError(t, err)
		require.NotEqual(t, u.ID, other.ID, "every upload is one of its own")
	}
	testenv.EachDatabase(t, func(t *testing.T, url string) { look(t, newDock(t, url, folder(t))) })
	t.Run("s3", func(t *testing.T) {
		t.Parallel()
		look(t, newDock(t, testenv.SQLite(t), blobtest.Server(t).URL))
	})
}

func TestUploadOfAWorkbook(t *testing.T) {
	t.Parallel()
	d := newDock(t, testenv.SQLite(t), folder(t))
	kind, err := d.Kinds.BulkSave("stock-levels")
	require.NoError(t, err)
	var data bytes.Buffer
	require.NoError(t, kind.Template("ko").Write(&data))
	u, err := d.Upload(t.Context(), toStock, &data)
	require.NoError(t, err)
	require.Equal(t, "xlsx", u.Format)
	require.Empty(t, u.Encoding)
	require.Len(t, u.Sheets, 2)
	require.Equal(t, 1, u.HeaderRow)
	require.Empty(t, u.Missing)
	require.Empty(t, u.Parent)

	// The error workbook of a job names it.
	data.Reset()
	book := sheet.NewMarked(&data, sheet.MarkedOptions{Properties: map[string]string{upload.ParentProperty: "job-1"}})
	cell := func(text string) sheet.MarkedCell { return sheet.MarkedCell{Kind: sheet.MarkedText, Text: text} }
	require.NoError(t, book.Sheet("Stock", []sheet.MarkedCell{cell("SKU"), cell("창고"), cell("수량"), cell("오류")}, nil))
	require.NoError(t, book.Row([]sheet.MarkedCell{cell("P-1"), cell("W1"), cell("1"), cell("why")}))
	_, err = book.Close()
	require.NoError(t, err)
	u, err = d.Upload(t.Context(), toStock, &data)
	require.NoError(t, err)
	require.Equal(t, "job-1", u.Parent)
	require.Empty(t, u.Columns[3].Column, "its own reasons are no column of the kind")
}

// slow makes a text of n bytes and looks, at every MiB, how much of it is in storage already.
type slow struct {
	t      *testing.T
	n, at  int
	stored func() int
	most   int // bytes asked for at once
	behind int // most bytes that were given and not stored
	looked int
}

func (s *slow) Read(p []byte) (int, error) {
	s.most = max(s.most, len(p))
	if s.at >= s.n {
		return 0, io.EOF
	}
	const header, row = "sku,warehouse,on_hand\n", "P-1,W1,1\n"
	given := min(len(p), s.n-s.at)
	for i := range given {
		if at := s.at + i; at < len(header) {
			p[i] = header[at]
		} else {
			p[i] = row[(at-len(header))%len(row)]
		}
	}
	s.at += given
	if s.at>>20 > s.looked {
		s.looked = s.at >> 20
		s.behind = max(s.behind, s.at-given-s.stored())
	}
	return given, nil
}

// What comes in goes out before more is asked for: at no time is much of a file in memory.
func TestUploadStreams(t *testing.T) {
	t.Parallel()
	d := newDock(t, testenv.SQLite(t), folder(t))
	in := &slow{t: t, n: 48 << 20, stored: func() (size int) {
		require.NoError(t, filepath.WalkDir(d.files, func(_ string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				info, err := e.Info()
				require.NoError(t, err)
				size += int(info.Size())
			}
			return err
		}))
		return size
	}}
	u, err := d.Upload(t.Context(), toStock, in)
	require.NoError(t, err)
	require.EqualValues(t, in.at, u.Size)
	require.LessOrEqual(t, in.most, 256<<10)
	require.Less(t, in.behind, 2<<20)
	require.GreaterOrEqual(t, in.looked, 47)
}

// In S3 a file is sent in parts, the first of which are there before the last has come.
func TestUploadStreamsToS3(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	d := newDock(t, testenv.SQLite(t), server.URL)
	begun := false
	in := &slow{t: t, n: 32 << 20, stored: func() int {
		begun = begun || server.Uploads(t) > 0
		return 0
	}}
	u, err := d.Upload(t.Context(), toStock, in)
	require.NoError(t, err)
	require.True(t, begun)
	info, err := d.Blobs.Stat(t.Context(), u.Key)
	require.NoError(t, err)
	require.EqualValues(t, in.at, info.Size)
}

var errConnection = errors.New("the connection is gone")

func TestRefusedUploadIsNotKept(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	good := "sku,warehouse,on_hand\nP-1,W1,1\n"
	for _, d := range []*dock{newDock(t, testenv.SQLite(t), folder(t)), newDock(t, testenv.SQLite(t), server.URL)} {
		d.Limits = upload.Limits{Size: 12 << 20}
		for name, c := range map[string]struct {
			body io.Reader
			size int64
			code job.Code
			says string
		}{
			"cut off":        {strings.NewReader(good), int64(len(good)) + 5, job.CodeInvalid, fmt.Sprintf("the upload was cut off: %d of %d bytes came", len(good), len(good)+5)},
			"longer than it": {strings.NewReader(good), 3, job.CodeInvalid, "cut off"},
			"too large":      {&slow{t: t, n: 20 << 20, stored: func() int { return 0 }}, -1, job.CodeTooLarge, "LONGHAUL_UPLOAD_MAX_SIZE"},
			"empty":          {strings.NewReader(""), -1, job.CodeInvalid, "the file is empty"},
			"blank":          {strings.NewReader("\n\n"), -1, job.CodeInvalid, "the file is empty"},
			"web page":       {strings.NewReader("<html><table></table></html>"), -1, job.CodeInvalid, "HTML"},
			"damaged zip":    {strings.NewReader("PK\x03\x04 and no more"), -1, job.CodeInvalid, ""},
			"damaged text":   {strings.NewReader("sku,warehouse,on_hand\nP-1,\"W1,1\n"), -1, job.CodeInvalid, "line 2"},
			"no rows":        {bytes.NewReader(emptyBook(t)), -1, job.CodeInvalid, "no row that could be its headers"},
			"broken":         {io.MultiReader(strings.NewReader(good), iotest.ErrReader(errConnection)), -1, "", "the connection is gone"},
			"broken in size": {io.MultiReader(strings.NewReader(good), iotest.ErrReader(io.ErrUnexpectedEOF)), int64(len(good)), "", "unexpected EOF"},
		} {
			r := toStock
			r.Size = c.size
			_, err := d.Upload(t.Context(), r, c.body)
			require.ErrorContains(t, err, c.says, name)
			var known *job.Error
			require.Equal(t, c.code != "", errors.As(err, &known), name)
			if known != nil {
				require.Equal(t, c.code, known.Code, name)
			}
			d.nothingKept(t, name)
		}
	}
	require.Zero(t, server.Uploads(t), "nor are parts of files")
}

func emptyBook(t *testing.T) []byte {
	t.Helper()
	book := excelize.NewFile()
	data, err := book.WriteToBuffer()
	require.NoError(t, err)
	require.NoError(t, book.Close())
	return data.Bytes()
}

func TestUploadTooLargeIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	d := newDock(t, testenv.SQLite(t), folder(t))
	d.Limits = upload.Limits{Size: 1 << 20}
	in := &slow{t: t, n: 1 << 40, stored: func() int { return 0 }}
	_, err := d.Upload(t.Context(), toStock, in)
	require.Equal(t, job.CodeTooLarge, job.CodeOf(err))
	require.Less(t, in.at, 2<<20)
}

func TestUploadForNobody(t *testing.T) {
	t.Parallel()
	d := newDock(t, testenv.SQLite(t), folder(t))
	body := iotest.ErrReader(errors.New("nobody asks for it"))
	r := toStock
	r.Kind = "nonesuch"
	_, err := d.Upload(t.Context(), r, body)
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.ErrorContains(t, err, "stock-levels", "those that there are")
	for _, tenant := range []string{"", "nobody"} {
		r = toStock
		r.Tenant = tenant
		_, err = d.Upload(t.Context(), r, body)
		var known *job.Error
		require.ErrorAs(t, err, &known)
		require.Equal(t, "/tenant", known.Fields[0].Pointer)
	}
	d.nothingKept(t)
	_, err = d.UploadByID(t.Context(), "nonesuch")
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
}

func TestUploadNames(t *testing.T) {
	t.Parallel()
	d := newDock(t, testenv.SQLite(t), folder(t))
	for given, want := range map[string]string{
		"재고 실사.csv": "재고 실사.csv", "../../etc/passwd": "passwd", `C:\Users\김\재고.csv`: "재고.csv", "": "upload", "/": "upload", " a.csv ": "a.csv",
		"a\x00\r\nb.csv": "ab.csv", "a\xffb.csv": "ab.csv", "..": "..", strings.Repeat("가", 100) + ".csv": strings.Repeat("가", 85),
		strings.Repeat("x", 255): strings.Repeat("x", 255), "<script>.csv": "<script>.csv",
		"\u110c\u1162\u1100\u1169.csv": "재고.csv",
	} {
		r := toStock
		r.Name = given
		u, err := d.Upload(t.Context(), r, strings.NewReader("sku,warehouse,on_hand\nP-1,W1,1\n"))
		require.NoError(t, err, "%q", given)
		require.Equal(t, want, u.Name, "%q", given)
		require.Equal(t, contract.UploadKey(u.ID), u.Key, "no name leads to another place")
	}
}

// A file that lacks columns, or whose headers are others, is kept: somebody may say what is what.
func TestUploadTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDock(t, url, folder(t))
		file := "Thing,창고\nP-1,W1\n"
		u, err := d.Upload(t.Context(), toStock, strings.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, []string{"sku", "on_hand|adjust"}, u.Missing)
		require.Len(t, d.uploads(t), 1)

		require.NoError(t, d.Store.RememberMapping(t.Context(), "acme", "stock-levels", map[string]string{"thing": "sku"}, d.clock))
		u, err = d.Upload(t.Context(), toStock, strings.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, []string{"on_hand|adjust"}, u.Missing)
		require.Equal(t, job.MatchRemembered, u.Columns[0].How)

		r := toStock
		r.Tenant = "other"
		u, err = d.Upload(t.Context(), r, strings.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, []string{"sku", "on_hand|adjust"}, u.Missing, "each tenant has a memory of its own")
	})
}

// The same file is told after it has been saved, not after a mere dry run of it.
func TestUploadKnowsTheSameFile(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		d := newDock(t, url, folder(t))
		send := func(tenant, file string) *job.SameFile {
			t.Helper()
			r := toStock
			r.Tenant = tenant
			u, err := d.Upload(t.Context(), r, strings.NewReader(file))
			require.NoError(t, err)
			again, err := d.UploadByID(t.Context(), u.ID)
			require.NoError(t, err)
			require.Equal(t, u.SameAs, again.SameAs)
			return u.SameAs
		}
		file := "sku,warehouse,on_hand\nP-1,W1,1\n"
		require.Nil(t, send("acme", file))
		sum := sha256.Sum256([]byte(file))
		require.NoError(t, d.Store.RegisterSave(t.Context(), store.SaveRow{
			JobID: "job-1", Tenant: "acme", Kind: "stock-levels", UploadID: "u", SHA256: hex.EncodeToString(sum[:]), CreatedAt: d.clock,
		}))
		require.Nil(t, send("acme", file))
		require.NoError(t, d.Store.OfferUndo(t.Context(), "job-1", d.clock.Add(time.Hour)))
		require.Equal(t, &job.SameFile{JobID: "job-1", At: d.clock}, send("acme", file))
		require.Nil(t, send("acme", file+"P-2,W1,1\n"))
		require.Nil(t, send("other", file))
	})
}

func TestUploadWithStorageOrDatabaseAway(t *testing.T) {
	t.Parallel()
	server := blobtest.Server(t)
	d := newDock(t, testenv.SQLite(t), server.URL)
	file := "sku,warehouse,on_hand\nP-1,W1,1\n"
	server.Set(blobtest.Full)
	_, err := d.Upload(t.Context(), toStock, strings.NewReader(file))
	require.Equal(t, job.CodeUnavailable, job.CodeOf(err))
	server.Set(blobtest.None)
	d.nothingKept(t)

	require.NoError(t, d.Store.DB(t.Context()).Exec("ALTER TABLE uploads RENAME TO uploads_away").Error)
	_, err = d.Upload(t.Context(), toStock, strings.NewReader(file))
	require.Equal(t, job.CodeUnavailable, job.CodeOf(err))
	require.Empty(t, d.uploads(t), "without a row nobody would find it")
	require.NoError(t, d.Store.DB(t.Context()).Exec("ALTER TABLE uploads_away RENAME TO uploads").Error)
	_, err = d.Upload(t.Context(), toStock, strings.NewReader(file))
	require.NoError(t, err)
}
