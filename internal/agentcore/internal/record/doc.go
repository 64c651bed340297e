// Package record has the records that an agent keeps in its checkpoint, and
// their versions.
package record

//go:generate protoc --proto_path=../../../.. --go_out=../../../.. --go_opt=module=github.com/proffer-go/proffer internal/agentcore/internal/record/record.proto

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer/internal/store"
	"github.com/proffer-go/proffer/internal/wire"
)

// Version is that of the records written. Older ones would be read; newer ones
// are refused.
const Version = 1

// The errors of Decode.
var (
	ErrNewer   = fmt.Errorf("%w: start that version, or use another work directory once its tasks have ended", store.ErrNewer)
	ErrCorrupt = fmt.Errorf("%w: restore the checkpoint from a copy, or use another work directory, which gives up the tasks", store.ErrCorrupt)
)

// Encode returns the value of a key, or an error that names the text that is
// not UTF-8.
func Encode(r *Record) ([]byte, error) {
	r.Version = Version
	return wire.Marshal(r)
}

// Decode reads the value of a key. Its errors wrap [ErrNewer] or [ErrCorrupt]
// and name the key.
func Decode(key string, value []byte) (*Record, error) {
	r := new(Record)
	if err := proto.Unmarshal(value, r); err != nil {
		return nil, Corrupt(key, err)
	}
	switch {
	case r.GetVersion() > Version:
		return nil, fmt.Errorf("checkpoint: record %q has version %d, this program knows up to %d: %w", key, r.GetVersion(), Version, ErrNewer)
	case r.GetVersion() == 0 || r.GetContent() == nil:
		return nil, Corrupt(key, errors.New("it has no version or no content"))
	}
	return r, nil
}

// Corrupt says what is wrong with a record.
func Corrupt(key string, err error) error {
	return fmt.Errorf("checkpoint: record %q: %w (%w)", key, ErrCorrupt, err)
}
