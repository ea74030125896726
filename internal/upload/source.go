package upload

import "github.com/longhaul/longhaul/job"

// source reads the rows of one format. [Rows] counts them, ends with the context every so often, and closes.
//
// What bounds memory is the source's own: columns and the length of a cell are checked while they are read, and so
// is the context where there can be much to read without a row in it.
type source interface {
	// next returns the next row with something in it, a cell that is not Empty at least, valid until the next
	// call; after the last one [io.EOF]. What is wrong with the file is a [*job.Error], what is wrong with reading
	// it is not.
	next() (*Row, error)
	close() error
}

// invalid is an error about the file; it names the place.
func invalid(format string, args ...any) error { return job.Errorf(job.CodeInvalid, format, args...) }
