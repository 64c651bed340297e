package boltstore

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/proffer-go/proffer/internal/store"
)

// version is that of the records' layout in the file.
const version = 1

// seal tells whether what is read is all that was written: it holds for the
// records in any order.
type seal struct {
	count uint64
	sum   uint64 // of the records' hashes, modulo 2^64
}

const sealSize = 3 * 8 // version, count, sum

func (s *seal) add(key, value []byte) {
	s.count++
	s.sum += hash(key, value)
}

func (s *seal) remove(key, value []byte) {
	s.count--
	s.sum -= hash(key, value)
}

// hash returns the hash of a record. The length of the key keeps "a"+"bc" apart
// from "ab"+"c".
func hash(key, value []byte) uint64 {
	h := fnv.New64a()
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(key)))
	for _, part := range [][]byte{size[:], key, value} {
		_, _ = h.Write(part) // a hash takes everything
	}
	return h.Sum64()
}

func (s *seal) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, sealSize), version)
	b = binary.BigEndian.AppendUint64(b, s.count)
	return binary.BigEndian.AppendUint64(b, s.sum)
}

func decodeSeal(b []byte) (seal, error) {
	if len(b) < 8 {
		return seal{}, damage("its seal has %d bytes", len(b))
	}
	if v := binary.BigEndian.Uint64(b); v > version {
		return seal{}, fmt.Errorf("%w: layout %d, this program knows up to %d", store.ErrNewer, v, version)
	}
	if len(b) != sealSize {
		return seal{}, damage("its seal has %d bytes, want %d", len(b), sealSize)
	}
	return seal{count: binary.BigEndian.Uint64(b[8:]), sum: binary.BigEndian.Uint64(b[16:])}, nil
}
