package mastercore_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/offers/policy"
)

func recoverWith(w *world, records map[string][]byte) error {
	_, err := mastercore.Recover(mastercore.Config{
		AgentTimeout: agentTimeout, ReregisterTimeout: reregisterTimeout, Offers: offers.Config{Policy: policy.DRF()},
	}, w.now, records)
	return err
}

// someRecords is a registry with something of every kind.
func someRecords(t *testing.T) *world {
	w := newWorld(t)
	s := w.subscribe("hello", "")
	w.register("A1")
	w.launch(s, "A1", tasksOf(2)...)
	if err := w.core.SetWeight("eng", 2); err != nil {
		t.Fatal(err)
	}
	w.settle()
	return w
}

// A record of a newer version ends the start with a sentence that says what to
// do, and names the record.
func TestNewerRecordIsRefused(t *testing.T) {
	w := someRecords(t)
	for key, value := range w.records {
		if value[0] != 1<<3 || value[1] != 1 {
			t.Fatalf("record %s does not begin with version 1: %x", key, value)
		}
		records := maps.Clone(w.records)
		records[key] = append([]byte{1 << 3, 99}, value[2:]...)
		err := recoverWith(w, records)
		if err == nil || !strings.Contains(err.Error(), `"`+key+`" has version 99, this program knows up to 1`) || !strings.Contains(err.Error(), "start that version") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// A record that is damaged is named, or is another sound record; nothing panics.
func TestDamagedRecordIsNamed(t *testing.T) {
	w := someRecords(t)
	keys := slices.Sorted(maps.Keys(w.records))
	named := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 7))
		records := maps.Clone(w.records)
		key := keys[rng.IntN(len(keys))]
		damaged := slices.Clone(records[key])
		if rng.IntN(3) == 0 {
			damaged = damaged[:rng.IntN(len(damaged))]
		} else {
			damaged[rng.IntN(len(damaged))] ^= 1 << rng.IntN(8)
		}
		records[key] = damaged
		if err := recoverWith(w, records); err != nil {
			named++
			if !strings.Contains(err.Error(), `"`+key+`"`) {
				t.Errorf("seed %d: %s was damaged: %v", seed, key, err)
			}
		}
	}
	if named < 500 {
		t.Errorf("only %d of 2000 were found: it proves nothing", named)
	}
}
