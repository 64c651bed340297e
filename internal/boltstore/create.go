package boltstore

import (
	"errors"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// create puts an empty store at a path, whole or not at all.
func create(path string) error {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := bbolt.Open(temporary, 0o600, &bbolt.Options{Timeout: lockTime})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket([]byte(recordBucket)); err != nil {
			return err
		}
		seals, err := tx.CreateBucket([]byte(sealBucket))
		if err != nil {
			return err
		}
		return seals.Put([]byte(sealKey), new(seal).encode())
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
