package wire

import (
	"testing"
)

// BenchmarkRoundTrip is one message to bytes and back.
func BenchmarkRoundTrip(b *testing.B) {
	decoders := map[string]func([]byte) error{
		"run_tasks":     func(b []byte) error { _, _, err := DecodeToAgent(b); return err },
		"status_update": func(b []byte) error { _, _, err := DecodeToMaster(b); return err },
		"offers":        func(b []byte) error { _, _, err := DecodeEvent(b); return err },
		"keepalive":     func(b []byte) error { _, _, err := DecodeCall(b); return err },
	}
	for _, x := range typical {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bytes, err := Encode(Header{Connection: 7, Number: 300}, x.message)
				if err != nil {
					b.Fatal(err)
				}
				if err := decoders[x.name](bytes); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(bytes)))
			}
		})
	}
}
