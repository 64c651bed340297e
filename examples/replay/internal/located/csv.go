package located

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Table reads a CSV file with a header, a row at a time.
type Table struct {
	file    string
	reader  *csv.Reader
	columns map[string]int
	row     []string
}

// CSV begins to read a CSV file whose header must have the named columns; more
// are allowed.
func CSV(file string, r io.Reader, columns ...string) (*Table, error) {
	t := &Table{file: file, reader: csv.NewReader(r), columns: make(map[string]int)}
	t.reader.ReuseRecord = true
	header, err := t.reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, &Error{File: file, Line: 1, Column: 1, Err: errors.New("the file is empty: want a header with " + strings.Join(columns, ", "))}
	}
	if err != nil {
		return nil, t.located(err)
	}
	for i, name := range header {
		t.columns[strings.Clone(name)] = i
	}
	for _, name := range columns {
		if _, ok := t.columns[name]; !ok {
			return nil, &Error{File: file, Line: 1, Column: 1, Err: fmt.Errorf("column %q is missing: the header is %s", name, strings.Join(header, ","))}
		}
	}
	return t, nil
}

// Next goes to the next row and returns false after the last one.
func (t *Table) Next() (bool, error) {
	row, err := t.reader.Read()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, t.located(err)
	}
	t.row = row
	return true, nil
}

// located gives an error of package csv the form of all others.
func (t *Table) located(err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return &Error{File: t.file, Line: parse.Line, Column: parse.Column, Err: parse.Err}
	}
	return fmt.Errorf("%s: %w", t.file, err)
}

// Has reports whether the file has the column.
func (t *Table) Has(column string) bool {
	_, ok := t.columns[column]
	return ok
}

// Text returns a field of the row, empty in a column that the file has not.
func (t *Table) Text(column string) string {
	i, ok := t.columns[column]
	if !ok {
		return ""
	}
	return strings.Clone(t.row[i])
}

// Errorf returns an error about a field of the row.
func (t *Table) Errorf(column, format string, args ...any) error {
	line, at := t.reader.FieldPos(t.columns[column])
	return &Error{File: t.file, Line: line, Column: at, Err: fmt.Errorf("column %q: %w", column, fmt.Errorf(format, args...))}
}

// Int returns a field that must be a whole number between least and most.
func (t *Table) Int(column string, least, most int64) (int64, error) {
	text := t.row[t.columns[column]]
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, t.Errorf(column, "want a whole number from %d to %d, got %q", least, most, text)
	}
	return n, nil
}

// Number returns a field that must be a number between least and most.
func (t *Table) Number(column string, least, most float64) (float64, error) {
	text := t.row[t.columns[column]]
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= least && n <= most) {
		return 0, t.Errorf(column, "want a number from %v to %v, got %q", least, most, text)
	}
	return n, nil
}

// Columns returns the names of the columns in the order of the file.
func (t *Table) Columns() []string {
	names := make([]string, 0, len(t.columns))
	for name := range t.columns {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int { return t.columns[x] - t.columns[y] })
	return names
}
