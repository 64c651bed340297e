package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"
)

// Version is that of the records written. Older ones would be read, newer ones
// are refused.
const Version = 1

// MaxSize bounds a record. The largest one holds the labels of a container.
const MaxSize = 16 << 20

const (
	magic      = "PROFREC\n"
	headerSize = len(magic) + 2 + 2 + 4 + 4 // magic, version, kind, length, checksum
)

// The errors of Decode and Read.
var (
	ErrCorrupt = errors.New("record is torn or corrupt")
	ErrNewer   = errors.New("record was written by a newer version")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// kind tells the messages apart that are left in files, so that one is never
// read as another.
func kind(m proto.Message) uint16 {
	switch m.(type) {
	case *Container:
		return 1
	case *Exit:
		return 2
	case *Instance:
		return 3
	default:
		panic(fmt.Sprintf("record: %T is not left in files", m))
	}
}

// Encode returns the message as a record.
func Encode(m proto.Message) ([]byte, error) {
	b := append(make([]byte, 0, headerSize+proto.Size(m)), magic...)
	b = binary.BigEndian.AppendUint16(b, Version)
	b = binary.BigEndian.AppendUint16(b, kind(m))
	b = append(b, make([]byte, 8)...)
	b, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, m)
	if err != nil {
		return nil, err
	}
	body := b[headerSize:]
	if len(body) > MaxSize {
		return nil, fmt.Errorf("record has %d bytes, at most %d are allowed", len(body), MaxSize)
	}
	binary.BigEndian.PutUint32(b[headerSize-8:], uint32(len(body)))
	binary.BigEndian.PutUint32(b[headerSize-4:], crc32.Checksum(body, castagnoli))
	return b, nil
}

// Decode reads a record into m. Its errors wrap [ErrCorrupt] or [ErrNewer].
func Decode(b []byte, m proto.Message) error {
	if len(b) < headerSize || string(b[:len(magic)]) != magic {
		return fmt.Errorf("%w: %d bytes without a proper header", ErrCorrupt, len(b))
	}
	fields, body := b[len(magic):headerSize], b[headerSize:]
	if v := binary.BigEndian.Uint16(fields); v > Version {
		return fmt.Errorf("%w: %d, this program knows up to %d", ErrNewer, v, Version)
	}
	if k := binary.BigEndian.Uint16(fields[2:]); k != kind(m) {
		return fmt.Errorf("%w: it is of kind %d, want %d (%T)", ErrCorrupt, k, kind(m), m)
	}
	if n := binary.BigEndian.Uint32(fields[4:]); uint64(n) != uint64(len(body)) {
		return fmt.Errorf("%w: it has %d bytes, its header says %d", ErrCorrupt, len(body), n)
	}
	if sum := binary.BigEndian.Uint32(fields[8:]); sum != crc32.Checksum(body, castagnoli) {
		return fmt.Errorf("%w: its checksum is wrong", ErrCorrupt)
	}
	if err := proto.Unmarshal(body, m); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// Read reads the record at path. A missing file is an error that wraps
// fs.ErrNotExist.
func Read(path string, m proto.Message) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := Decode(b, m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Write puts the record at path, atomically: at any time there is the whole of
// it or what was there before. With durable, also after a loss of power.
func Write(path string, m proto.Message, durable bool) error {
	b, err := Encode(m)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	temporary := path + ".new"
	if err := writeFile(temporary, b, durable); err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(temporary)))
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	return syncDir(filepath.Dir(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func writeFile(path string, b []byte, durable bool) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil && durable {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
