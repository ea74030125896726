package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// offsetPage is the size of a page of the old way.
const offsetPage = 500

// page is an answer of the old way's server.
type page struct {
	Total int    `json:"total,omitempty"` // with the first page only
	Rows  []line `json:"rows"`
}

// serveOffsets is the old way's server: the total on the first call, then pages by OFFSET, as JSON. It says
// where it listens and serves until ctx ends.
func serveOffsets(ctx context.Context, spec Spec, out io.Writer) error {
	db, err := openLines(spec.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second, // a header is a line here; longer is a fault
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := answerPage(w, r, db, spec.SellerID); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}),
	}
	go func() {
		<-ctx.Done()
		_ = server.Close() // nobody listens any more
	}()
	fmt.Fprintln(out, "http://"+listener.Addr().String())
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

func answerPage(w http.ResponseWriter, r *http.Request, db *sql.DB, sellerID int64) error {
	offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil {
		return err
	}
	p := page{Rows: make([]line, 0, offsetPage)}
	if offset == 0 {
		count := db.QueryRowContext(r.Context(), "SELECT COUNT(*) FROM order_lines WHERE seller_id = ?", sellerID)
		if err := count.Scan(&p.Total); err != nil {
			return err
		}
	}
	rows, err := db.QueryContext(r.Context(), selectLines+" LIMIT ? OFFSET ?", sellerID, offsetPage, offset)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		p.Rows = append(p.Rows, line{})
		if err := p.Rows[len(p.Rows)-1].scan(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(p)
}

// offset is the old way's browser: page after page into memory, then one workbook of them all. With a sample
// it fetches so many pages only, evenly spaced, and repeats their rows until it has as many as all pages
// would have given.
func offset(ctx context.Context, spec Spec, told func(string)) error {
	pages := (spec.Rows + offsetPage - 1) / offsetPage
	fetched := pages
	if spec.Sample > 0 {
		fetched = min(spec.Sample, pages)
	}
	var all []line
	for i := range fetched {
		at := i
		if fetched > 1 {
			at = i * (pages - 1) / (fetched - 1)
		}
		p, err := fetchPage(ctx, spec.Server, at*offsetPage)
		if err != nil {
			return err
		}
		all = append(all, p.Rows...)
	}
	told(phasePages)
	for i := 0; len(all) < spec.Rows; i++ {
		all = append(all, all[i].clone())
	}
	told(phaseRepeated)
	book, err := newWorkbook()
	if err != nil {
		return err
	}
	for i := range all {
		if err := book.add(&all[i]); err != nil {
			return err
		}
	}
	return book.save(spec.Out)
}

func fetchPage(ctx context.Context, server string, offset int) (page, error) {
	var p page
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"?offset="+strconv.Itoa(offset), nil)
	if err != nil {
		return p, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return p, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return p, fmt.Errorf("fetch page at %d: %s", offset, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&p); err != nil {
		return p, fmt.Errorf("fetch page at %d: %w", offset, err)
	}
	_, err = io.Copy(io.Discard, response.Body) // to its end, so that the connection is used again
	return p, err
}
