package writeahead_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/proffer-go/proffer/internal/boltstore"
	"github.com/proffer-go/proffer/internal/writeahead"
)

const intents = 100_000

func intentKey(i int) string   { return fmt.Sprintf("task/framework-%d/job-%d", i%200, i) }
func intentValue(i int) []byte { return fmt.Appendf(nil, "%0200d", i) }

// counting is a store that keeps how many changes came at once.
type counting struct {
	store *boltstore.Store
	sizes []int
}

func (c *counting) Write(ctx context.Context, changes map[string][]byte) error {
	c.sizes = append(c.sizes, len(changes))
	return c.store.Write(ctx, changes)
}

// BenchmarkIntents makes 100,000 intents of launches durable, as a master does
// that is never idle, and has bbolt alone write the same in transactions of the
// same sizes. The goal is a ratio of 0.5 at least.
func BenchmarkIntents(b *testing.B) {
	var ours, raw time.Duration
	transactions := 0
	for range b.N {
		took, sizes := throughLog(b)
		ours += took
		raw += throughBolt(b, sizes)
		transactions += len(sizes)
	}
	perSecond := func(d time.Duration) float64 { return float64(intents*b.N) / d.Seconds() }
	b.ReportMetric(perSecond(ours), "intents/s")
	b.ReportMetric(perSecond(raw), "raw-intents/s")
	b.ReportMetric(raw.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(float64(transactions)/float64(b.N), "transactions")
	b.ReportMetric(0, "ns/op")
}

func throughLog(b *testing.B) (time.Duration, []int) {
	b.Helper()
	file, err := boltstore.Open(filepath.Join(b.TempDir(), "ours.db"))
	if err != nil {
		b.Fatal(err)
	}
	store := &counting{store: file}
	log := writeahead.New[int](store)
	start := time.Now()
	var effects []int
	done := 0
	took := func() {
		for _, e := range effects {
			if e != done {
				b.Fatalf("effect %d comes after %d", e, done-1)
			}
			done++
		}
	}
	for i := range intents {
		log.Add(map[string][]byte{intentKey(i): intentValue(i)}, []int{i})
		if effects, err = log.Take(effects); err != nil {
			b.Fatal(err)
		}
		took()
	}
	if effects, err = log.Flush(effects); err != nil {
		b.Fatal(err)
	}
	took()
	elapsed := time.Since(start)
	if done != intents {
		b.Fatalf("%d effects, want %d", done, intents)
	}
	log.Close()
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	return elapsed, store.sizes
}

func throughBolt(b *testing.B, sizes []int) time.Duration {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "raw.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	i := 0
	for _, size := range sizes {
		err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("records"))
			if err != nil {
				return err
			}
			for range size {
				if err := bucket.Put([]byte(intentKey(i)), intentValue(i)); err != nil {
					return err
				}
				i++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	elapsed := time.Since(start)
	if i != intents {
		b.Fatalf("%d intents, want %d", i, intents)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return elapsed
}
