// Package record has the records that a master keeps in its registry, and their
// versions.
package record

//go:generate protoc --proto_path=../../../.. --go_out=../../../.. --go_opt=module=github.com/proffer-go/proffer internal/mastercore/internal/record/record.proto

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
)

// Version is that of the records written. Older ones would be read; newer ones
// are refused.
const Version = 1

// The errors of Decode.
var (
	ErrNewer   = errors.New("it was written by a newer version of Proffer: start that version, or a new registry, which forgets all tasks")
	ErrCorrupt = errors.New("it is corrupt: restore the registry from a copy, or start a new one, which forgets all tasks")
)

// Encode returns the value of a key.
func Encode(r *Record) []byte {
	r.Version = Version
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("record: %v", err)) // of texts that are not UTF-8, which are refused before
	}
	return b
}

// Decode reads the value of a key. Its errors wrap [ErrNewer] or [ErrCorrupt]
// and name the key.
func Decode(key string, value []byte) (*Record, error) {
	r := new(Record)
	if err := proto.Unmarshal(value, r); err != nil {
		return nil, fmt.Errorf("registry: record %q: %w (%w)", key, ErrCorrupt, err)
	}
	switch {
	case r.GetVersion() > Version:
		return nil, fmt.Errorf("registry: record %q has version %d, this program knows up to %d: %w", key, r.GetVersion(), Version, ErrNewer)
	case r.GetVersion() == 0 || r.GetContent() == nil:
		return nil, fmt.Errorf("registry: record %q: %w (it has no version or no content)", key, ErrCorrupt)
	}
	return r, nil
}
