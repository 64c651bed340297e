package due_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer/internal/due"
)

func TestAlarmsRingInOrder(t *testing.T) {
	var h due.Alarms
	start := time.Unix(0, 0)
	var rung []string
	alarm := func(name string) *due.Alarm {
		return &due.Alarm{Ring: func(time.Time) { rung = append(rung, name) }}
	}
	late, first, second, stopped := alarm("late"), alarm("first"), alarm("second"), alarm("stopped")
	chain := &due.Alarm{}
	chain.Ring = func(time.Time) {
		rung = append(rung, "chain")
		if len(rung) == 1 {
			h.Set(chain, start.Add(time.Second)) // what ringing sets for now rings now
		}
	}
	h.Set(late, start.Add(time.Hour))
	h.Set(second, start.Add(2*time.Second))
	h.Set(first, start.Add(time.Second))
	h.Set(stopped, start.Add(time.Second))
	h.Set(chain, start.Add(time.Second))
	h.Set(first, start.Add(time.Second)) // set anew: after those of the same time
	h.Stop(stopped)
	if at, ok := h.Next(); !ok || !at.Equal(start.Add(time.Second)) {
		t.Errorf("next at %v, %v", at, ok)
	}
	h.RingUntil(start.Add(time.Minute))
	if diff := cmp.Diff([]string{"chain", "first", "chain", "second"}, rung[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if at, ok := h.Next(); !ok || !at.Equal(start.Add(time.Hour)) {
		t.Errorf("next at %v, %v, want the late one", at, ok)
	}
}
