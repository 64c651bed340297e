package wire

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fuzzDecoder has nothing panic, and what is decoded encode to the same value.
func fuzzDecoder[M any](f *testing.F, examples []any, decode func(b []byte) (Header, M, error)) {
	for seed := range uint64(3) {
		for _, example := range examples {
			fill := newFiller(seed)
			b, err := Encode(Header{Connection: 1, Number: seed}, fill.message(example))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		header, message, err := decode(b)
		if err != nil {
			return
		}
		first, err := Encode(header, message)
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		again, copied, err := decode(first)
		if err != nil {
			t.Fatalf("what was encoded cannot be decoded: %v", err)
		}
		if header != again {
			t.Fatalf("header %v came back as %v", header, again)
		}
		if diff := cmp.Diff(message, copied, same); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
		second, err := Encode(again, copied)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("bytes differ: %x and %x, %v", first, second, err)
		}
	})
}

func FuzzDecodeToMaster(f *testing.F) { fuzzDecoder(f, toMaster, DecodeToMaster) }
func FuzzDecodeToAgent(f *testing.F)  { fuzzDecoder(f, toAgent, DecodeToAgent) }
func FuzzDecodeCall(f *testing.F)     { fuzzDecoder(f, calls, DecodeCall) }
func FuzzDecodeEvent(f *testing.F)    { fuzzDecoder(f, events, DecodeEvent) }
