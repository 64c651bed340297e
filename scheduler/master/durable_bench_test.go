package master_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/proffer-go/proffer/scheduler"
	"github.com/proffer-go/proffer/scheduler/master"
	"github.com/proffer-go/proffer/scheduler/registry"
	"github.com/proffer-go/proffer/scheduler/registry/bolt"
)

// recording is a registry that keeps what is written, write by write.
type recording struct {
	registry.Registry
	writes []map[string][]byte // of the master's writer alone
}

func (r *recording) Write(ctx context.Context, changes map[string][]byte) error {
	r.writes = append(r.writes, maps.Clone(changes))
	return r.Registry.Write(ctx, changes)
}

// BenchmarkDurableLaunches launches 50,000 tasks on 500 agents, from the first
// offer until all of them run, with every launch in the registry before it is
// sent; the same without a registry; and has bbolt alone write what was written,
// in the same transactions.
func BenchmarkDurableLaunches(b *testing.B) {
	const tasks = 50_000
	var durable, volatile, raw time.Duration
	writes, changes := 0, 0
	for range b.N {
		file, err := bolt.Open(filepath.Join(b.TempDir(), "registry.db"))
		if err != nil {
			b.Fatal(err)
		}
		r := &recording{Registry: file}
		durable += runTasks(b, tasks, r)
		if err := file.Close(); err != nil {
			b.Fatal(err)
		}
		volatile += runTasks(b, tasks, nil)
		raw += writeRaw(b, r.writes)
		writes += len(r.writes)
		for _, w := range r.writes {
			changes += len(w)
		}
	}
	n := float64(tasks * b.N)
	b.ReportMetric(n/durable.Seconds(), "launches/s")
	b.ReportMetric(n/volatile.Seconds(), "volatile-launches/s")
	b.ReportMetric(n/raw.Seconds(), "raw-bbolt-launches/s")
	b.ReportMetric(raw.Seconds()/durable.Seconds(), "ratio-to-raw")
	b.ReportMetric(volatile.Seconds()/durable.Seconds(), "ratio-to-volatile")
	b.ReportMetric(float64(changes)/float64(writes), "changes/write")
	b.ReportMetric(0, "ns/op")
}

func runTasks(b *testing.B, n int, r registry.Registry) time.Duration {
	b.Helper()
	m, err := master.New(master.Config{Registry: r})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	for range 500 {
		startAgent(b, m, "cpus:100;mem:100000", true)
	}
	f := newFiller("t", "cpus:1;mem:10", n)
	began := time.Now()
	_, done := subscribe(b, f, scheduler.Config{Name: "bench", Master: m})
	<-f.allRun
	took := time.Since(began)
	cancel()
	if err := errors.Join(<-ended, <-done); !errors.Is(err, context.Canceled) && !errors.Is(err, scheduler.ErrMasterClosed) {
		b.Fatal(err)
	}
	return took
}

func writeRaw(b *testing.B, writes []map[string][]byte) time.Duration {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "raw.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	name := []byte("records")
	err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(name); return err })
	began := time.Now()
	for _, changes := range writes {
		if err != nil {
			break
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			bucket := tx.Bucket(name)
			for _, key := range slices.Sorted(maps.Keys(changes)) {
				if changes[key] == nil {
					err = bucket.Delete([]byte(key))
				} else {
					err = bucket.Put([]byte(key), changes[key])
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	took := time.Since(began)
	if err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}
