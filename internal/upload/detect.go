package upload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strings"
)

const (
	zipMagic      = "PK\x03\x04"
	emptyZipMagic = "PK\x05\x06"
	compoundMagic = "\xD0\xCF\x11\xE0" // encrypted workbooks and .xls of Excel 97 to 2003
)

// refused are files that people send by mistake or under another name, by how they begin.
var refused = []struct{ magic, what string }{
	{"%PDF", "a PDF document"},
	{"\x89PNG", "a picture (PNG)"},
	{"\xFF\xD8\xFF", "a picture (JPEG)"},
	{"GIF8", "a picture (GIF)"},
	{"II*\x00", "a picture (TIFF)"},
	{"MM\x00*", "a picture (TIFF)"},
	{"RIFF", "a picture, sound or film (RIFF)"},
	{"\x1F\x8B", "compressed with gzip; unpack it first"},
	{"BZh", "compressed with bzip2; unpack it first"},
	{"\xFD7zXZ", "compressed with xz; unpack it first"},
	{"\x28\xB5\x2F\xFD", "compressed with zstd; unpack it first"},
	{"7z\xBC\xAF", "a 7-Zip archive; unpack it first"},
	{"Rar!\x1A", "a RAR archive; unpack it first"},
	{"SQLite format 3", "a database (SQLite)"},
	{"PAR1", "a Parquet file"},
	{`{\rtf`, "a text document (RTF)"},
}

// refuseByMagic names what a file is that is none of ours.
func refuseByMagic(head []byte) error {
	for _, r := range refused {
		if bytes.HasPrefix(head, []byte(r.magic)) {
			return invalid("the file is %s; upload a workbook (.xlsx), delimited text (.csv, .tsv) or JSON",
				r.what)
		}
	}
	return nil
}

// markup is how web pages and XML begin, which many programs save as .xls, in lower case.
var markup = []struct{ begin, what string }{
	{"<?xml", "XML"},
	{"<workbook", "XML"},
	{"<!doctype", "a web page (HTML)"},
	{"<html", "a web page (HTML)"},
	{"<head", "a web page (HTML)"},
	{"<meta", "a web page (HTML)"},
	{"<style", "a web page (HTML)"},
	{"<body", "a web page (HTML)"},
	{"<table", "a web page (HTML)"},
	{"<div", "a web page (HTML)"},
	{"<!--", "a web page (HTML) or XML"},
	{"<svg", "a picture (SVG)"},
}

func refuseMarkup(begin []byte) error {
	begin = bytes.ToLower(begin[:min(len(begin), 16)])
	for _, m := range markup {
		if bytes.HasPrefix(begin, []byte(m.begin)) {
			return invalid("the file is %s, whatever its name says; "+
				"open it in a spreadsheet program and save it as a workbook (.xlsx)", m.what)
		}
	}
	return nil
}

const (
	// sampleSize is how much text the format is told from: some hundred lines.
	sampleSize = 64 << 10
	// sampleRecords are enough for a header below a title to be outvoted by rows.
	sampleRecords = 100
)

func emptyError() error { return invalid("the file is empty") }

// sampleText returns the beginning of the text in UTF-8, from its first block with something in it on, and whether that is
// all of it.
func sampleText(ctx context.Context, head []byte, enc encoding, mark int) (sample []byte, whole bool, err error) {
	in := newBlocks(ctx, bytes.NewReader(head), int64(mark), int64(len(head)), sampleSize)
	defer in.close()
	t := newText(in, enc)
	for {
		part, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil, false, emptyError()
		}
		if err != nil {
			return nil, false, err
		}
		if len(bytes.TrimSpace(part)) > 0 {
			return bytes.Clone(part), len(head) <= sampleSize, nil
		}
	}
}

// detectJSON tells whether a text is JSON by its first two characters: a header may begin with a bracket too, as those
// of some databases do, [id].
func detectJSON(sample []byte, name string) (Format, bool) {
	trimmed := bytes.TrimSpace(sample)
	format := NDJSON
	switch trimmed[0] {
	case '[':
		format = JSON
	case '{':
	default:
		return "", false
	}
	switch extension(name) {
	case ".json", ".ndjson", ".jsonl":
		return format, true
	}
	rest := bytes.TrimSpace(trimmed[1:])
	if len(rest) == 0 {
		return format, true
	}
	if format == NDJSON {
		return format, rest[0] == '"' || rest[0] == '}'
	}
	return format, strings.IndexByte(`{[]"-0123456789`, rest[0]) >= 0
}

func extension(name string) string { return strings.ToLower(path.Ext(name)) }
