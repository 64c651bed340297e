package wire

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// What passes most often is written and read field by field, without a
// generated struct between: that takes a third of the time. A test holds it
// against the generated code.

// encoder appends fields. Like generated code it leaves out zeros.
type encoder struct {
	b   []byte
	err error // the first
}

func (e *encoder) uint(n protowire.Number, v uint64) {
	if v != 0 {
		e.b = protowire.AppendVarint(protowire.AppendTag(e.b, n, protowire.VarintType), v)
	}
}

func (e *encoder) zigzag(n protowire.Number, v int64) { e.uint(n, protowire.EncodeZigZag(v)) }

func (e *encoder) bool(n protowire.Number, v bool) { e.uint(n, protowire.EncodeBool(v)) }

// text writes what has to be UTF-8, if it is not empty.
func (e *encoder) text(n protowire.Number, s string) {
	if s != "" {
		e.item(n, s)
	}
}

// item is text for one of many, which may be empty.
func (e *encoder) item(n protowire.Number, s string) {
	if !utf8.ValidString(s) && e.err == nil {
		e.err = fmt.Errorf("text %q is not UTF-8", excerpt(s))
	}
	e.b = protowire.AppendString(protowire.AppendTag(e.b, n, protowire.BytesType), s)
}

// raw writes bytes, if there are any.
func (e *encoder) raw(n protowire.Number, s string) {
	if s != "" {
		e.b = protowire.AppendString(protowire.AppendTag(e.b, n, protowire.BytesType), s)
	}
}

func (e *encoder) data(n protowire.Number, b []byte) {
	if len(b) > 0 {
		e.b = protowire.AppendBytes(protowire.AppendTag(e.b, n, protowire.BytesType), b)
	}
}

// begin begins a message within; end ends it.
func (e *encoder) begin(n protowire.Number) (at int) {
	e.b = append(protowire.AppendTag(e.b, n, protowire.BytesType), 0) // its length, if that is below 128
	return len(e.b)
}

func (e *encoder) end(at int) {
	size := len(e.b) - at
	if more := protowire.SizeVarint(uint64(size)) - 1; more > 0 {
		e.b = slices.Insert(e.b, at, make([]byte, more)...)
	}
	protowire.AppendVarint(e.b[:at-1], uint64(size))
}

// message writes one by the generated code.
func (e *encoder) message(n protowire.Number, m proto.Message) {
	at := e.begin(n)
	b, err := proto.MarshalOptions{}.MarshalAppend(e.b, m)
	if err != nil && e.err == nil {
		e.err = named(err, m)
	}
	if err == nil {
		e.b = b
	}
	e.end(at)
}

// fields walks over the fields of a message.
type fields struct {
	d      *decoder
	rest   []byte
	number int32
	kind   protowire.Type
	varint uint64
	body   []byte
}

// next moves on to the next field, and returns false at the end, or where
// something is wrong.
func (f *fields) next() bool {
	if len(f.rest) == 0 || f.d.err != nil {
		return false
	}
	number, kind, n := protowire.ConsumeTag(f.rest)
	if n >= 0 {
		f.number, f.kind, f.rest = int32(number), kind, f.rest[n:]
		switch kind {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(f.rest)
		case protowire.BytesType:
			f.body, n = protowire.ConsumeBytes(f.rest)
		default:
			n = protowire.ConsumeFieldValue(number, kind, f.rest)
		}
	}
	if n < 0 {
		f.d.fail("message", protowire.ParseError(n))
		return false
	}
	f.rest = f.rest[n:]
	return true
}

var errKind = errors.New("it is of another type than it should be")

func (f *fields) is(kind protowire.Type) bool {
	if f.kind != kind {
		f.d.fail(fmt.Sprintf("field %d", f.number), errKind)
	}
	return f.kind == kind
}

func (f *fields) uint() uint64 {
	if !f.is(protowire.VarintType) {
		return 0
	}
	return f.varint
}

func (f *fields) zigzag() int64 { return protowire.DecodeZigZag(f.uint()) }

func (f *fields) bool() bool { return protowire.DecodeBool(f.uint()) }

func (f *fields) text() string {
	s := f.raw()
	if !utf8.ValidString(s) {
		f.d.fail(fmt.Sprintf("field %d", f.number), fmt.Errorf("text %q is not UTF-8", excerpt(s)))
	}
	return s
}

func (f *fields) raw() string { return string(f.message()) }

func (f *fields) data() []byte { return f.d.data(slices.Clone(f.message())) }

// message returns the bytes of a message within.
func (f *fields) message() []byte {
	if !f.is(protowire.BytesType) {
		return nil
	}
	return f.body
}
