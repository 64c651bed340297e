// Package located reads JSON and CSV files such that whatever is wrong with
// them is told with file, line and column.
package located

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Error is what is wrong with a file, and where.
type Error struct {
	File         string
	Line, Column int // from 1; columns count characters
	Err          error
}

// Error returns "FILE:LINE:COLUMN: what is wrong".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// Document is a JSON file.
type Document struct {
	file string
	data []byte
}

// Node is a JSON value in a Document.
type Node struct {
	document *Document
	raw      json.RawMessage
	at       int // where it begins
}

// JSON checks the syntax of a JSON file and returns its value.
func JSON(file string, data []byte) (Node, error) {
	d := &Document{file: file, data: data}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return Node{}, d.errorAt(max(int(syntax.Offset)-1, 0), err)
	case err != nil:
		return Node{}, d.errorAt(0, err)
	}
	return Node{document: d, raw: raw, at: bytes.Index(data, raw)}, nil
}

// errorAt tells what is wrong at an offset.
func (d *Document) errorAt(at int, err error) error {
	before := d.data[:min(at, len(d.data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return &Error{File: d.file, Line: line, Column: column, Err: err}
}

// Errorf returns an error about the value.
func (n Node) Errorf(format string, args ...any) error {
	return n.document.errorAt(n.at, fmt.Errorf(format, args...))
}

// Decode decodes the value into v as encoding/json does; want says what it
// should be.
func (n Node) Decode(v any, want string) error {
	if err := json.Unmarshal(n.raw, v); err != nil || bytes.Equal(n.raw, []byte("null")) {
		return n.Errorf("want %s, got %.40s", want, n.raw)
	}
	return nil
}

// IsText reports whether the value is a text.
func (n Node) IsText() bool { return n.raw[0] == '"' }

// Array returns the elements of an array.
func (n Node) Array() ([]Node, error) {
	dec, err := n.open('[', "an array")
	if err != nil {
		return nil, err
	}
	var list []Node
	for dec.More() {
		list = append(list, n.value(dec))
	}
	return list, nil
}

// Object returns the members of an object. Of a name that occurs twice it is
// the last, as everywhere.
func (n Node) Object() (map[string]Node, error) {
	dec, err := n.open('{', "an object")
	if err != nil {
		return nil, err
	}
	members := make(map[string]Node)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, n.Errorf("%w", err)
		}
		members[name.(string)] = n.value(dec)
	}
	return members, nil
}

func (n Node) open(delimiter json.Delim, want string) (*json.Decoder, error) {
	dec := json.NewDecoder(bytes.NewReader(n.raw))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != delimiter {
		return nil, n.Errorf("want %s, got %.40s", want, n.raw)
	}
	return dec, nil
}

// value reads the next value. The syntax has been checked.
func (n Node) value(dec *json.Decoder) Node {
	var raw json.RawMessage
	_ = dec.Decode(&raw)
	return Node{document: n.document, raw: raw, at: n.at + int(dec.InputOffset()) - len(raw)}
}
