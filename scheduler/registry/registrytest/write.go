package registrytest

import (
	"bytes"
	"strings"

	"github.com/proffer-go/proffer/scheduler/registry"
)

type records = map[string][]byte

func testEmpty(p *place) {
	p.want(records{})
	p.write(nil)
	p.write(records{"never/there": nil})
	p.want(records{})
}

func testWrite(p *place) {
	p.write(records{"a": []byte("1"), "b/c": []byte("2"), "b": []byte("3")})
	p.want(records{"a": []byte("1"), "b/c": []byte("2"), "b": []byte("3")})

	p.write(records{"a": []byte("another"), "b": nil, "d": []byte("4")})
	p.want(records{"a": []byte("another"), "b/c": []byte("2"), "d": []byte("4")})

	p.write(records{"a": nil, "b/c": nil, "d": nil})
	p.want(records{})

	binary := "\x00\xff key with any bytes \n"
	p.write(records{binary: {0, 255, 0}})
	p.want(records{binary: {0, 255, 0}})
}

// testEmptyRecord: a record without bytes is one, and nil is none.
func testEmptyRecord(p *place) {
	p.write(records{"a": {}, "b": []byte("1")})
	p.want(records{"a": {}, "b": []byte("1")})
	p.write(records{"a": {}, "b": {}})
	p.want(records{"a": {}, "b": {}})
	p.write(records{"a": nil})
	p.want(records{"b": {}})
}

// testAllOrNothing: one change that is refused has the others refused.
func testAllOrNothing(p *place) {
	p.write(records{"kept": []byte("1"), "gone?": []byte("2")})
	before := records{"kept": []byte("1"), "gone?": []byte("2")}
	p.wantError("a record that is too large among others", registry.ErrTooLarge, p.Write(p.Context(), records{
		"a": []byte("new"), "kept": []byte("changed"), "gone?": nil, "z": make([]byte, registry.MaxRecordSize+1),
	}))
	p.want(before)
	p.wantError("a key that is too large among others", registry.ErrTooLarge, p.Write(p.Context(), records{
		"a": []byte("new"), strings.Repeat("z", registry.MaxKeySize+1): {},
	}))
	p.want(before)
	if err := p.Write(p.Context(), records{"a": []byte("new"), "": []byte("nameless")}); err == nil {
		p.Error("an empty key was written")
	}
	p.want(before)
}

// testBounds: what is within the bounds is stored.
func testBounds(p *place) {
	long := strings.Repeat("k", registry.MaxKeySize)
	large := bytes.Repeat([]byte("0123456789abcdef"), registry.MaxRecordSize/16)
	p.write(records{long: large, "small": []byte("1")})
	p.want(records{long: large, "small": []byte("1")})
	p.write(records{long: large[1:], "large": large})
	p.want(records{long: large[1:], "large": large, "small": []byte("1")})
	p.write(records{long: nil, "large": nil})
	p.want(records{"small": []byte("1")})
}

// testOwnership: what was given and taken is the caller's.
func testOwnership(p *place) {
	record := []byte("mine")
	changes := records{"a": record}
	p.write(changes)
	copy(record, "XXXX")
	changes["b"] = []byte("late")
	got, err := p.Load(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	copy(got["a"], "YYYY")
	delete(got, "a")
	p.want(records{"a": []byte("mine")})
}
