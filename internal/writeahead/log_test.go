package writeahead_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/proffer-go/proffer/internal/writeahead"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow is a store that takes its time, and fails when told to.
type slow struct {
	takes  time.Duration
	fail   error
	writes []map[string][]byte
}

func (s *slow) Write(ctx context.Context, changes map[string][]byte) error {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.fail != nil {
		return s.fail
	}
	s.writes = append(s.writes, maps.Clone(changes))
	return nil
}

func change(key, value string) map[string][]byte { return map[string][]byte{key: []byte(value)} }

func take(t *testing.T, l *writeahead.Log[string]) []string {
	t.Helper()
	effects, err := l.Take(nil)
	if err != nil {
		t.Fatal(err)
	}
	return effects
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, append([]string(nil), got...)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

func TestWithoutAStoreEverythingPasses(t *testing.T) {
	l := writeahead.New[string](nil)
	defer l.Close()
	l.Add(change("a", "1"), []string{"one"})
	l.Add(nil, []string{"two", "three"})
	want(t, "taken", take(t, l), "one", "two", "three")
	want(t, "taken again", take(t, l))
}

func TestWhatChangesNothingPassesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := writeahead.New[string](&slow{takes: time.Hour})
		defer l.Close()
		l.Add(nil, []string{"one"})
		want(t, "taken", take(t, l), "one")
	})
}

// TestEffectsWaitForTheirChanges: and for those before them. What comes while
// a write is under way goes as one.
func TestEffectsWaitForTheirChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slow{takes: time.Second}
		l := writeahead.New[string](store)
		defer l.Close()
		l.Add(change("a", "1"), []string{"a is 1"})
		l.Add(change("a", "2"), []string{"a is 2"})
		l.Add(nil, []string{"nothing new"})
		l.Add(map[string][]byte{"a": nil, "b": []byte("1")}, []string{"b is 1"})
		want(t, "at once", take(t, l))
		<-l.Ready()
		want(t, "after a second", take(t, l), "a is 1")
		l.Add(nil, []string{"later"})
		want(t, "before the second write is done", take(t, l))
		<-l.Ready()
		want(t, "after two", take(t, l), "a is 2", "nothing new", "b is 1", "later")
		want(t, "all of it", take(t, l))
	})
}

func TestEffectsBehindAWriteFollowIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slow{takes: time.Second}
		l := writeahead.New[string](store)
		defer l.Close()
		l.Add(change("a", "1"), []string{"first"})
		l.Add(nil, []string{"second"})
		<-l.Ready()
		want(t, "both", take(t, l), "first", "second")
		if l.Pending() {
			t.Error("something is pending")
		}
		l.Add(change("b", "1"), []string{"third"})
		effects, err := l.Flush(nil)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "flushed", effects, "third")
		if diff := cmp.Diff([]map[string][]byte{change("a", "1"), change("b", "1")}, store.writes); diff != "" {
			t.Errorf("written (-want +got)\n%s", diff)
		}
	})
}

// TestAFailureIsTheEnd: no effect of what was not written, nor of what came
// after it.
func TestAFailureIsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("no space left")
		store := &slow{takes: time.Second, fail: why}
		l := writeahead.New[string](store)
		defer l.Close()
		l.Add(nil, []string{"before"})
		l.Add(change("a", "1"), []string{"one"})
		want(t, "before", take(t, l), "before")
		l.Add(change("a", "2"), []string{"two"})
		<-l.Ready()
		for range 2 {
			effects, err := l.Take(nil)
			if !errors.Is(err, why) || len(effects) > 0 {
				t.Errorf("%v, %v: want the store's error alone", effects, err)
			}
			l.Add(nil, []string{"three"})
		}
		if _, err := l.Flush(nil); !errors.Is(err, why) {
			t.Errorf("flush: %v, want the store's error", err)
		}
	})
}

// TestCloseDoesNotWaitForASlowStore: one that heeds its context.
func TestCloseDoesNotWaitForASlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := writeahead.New[string](&slow{takes: time.Hour})
		begin := time.Now()
		l.Add(change("a", "1"), []string{"one"})
		l.Close()
		l.Close()
		if took := time.Since(begin); took > 0 {
			t.Errorf("it took %v", took)
		}
		effects, _ := l.Take(nil) // an error, or nothing: the write did not succeed
		want(t, "taken", effects)
	})
}

// TestOrderIsKept adds at random times to a store of random speed.
func TestOrderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slow{takes: 3 * time.Millisecond}
		l := writeahead.New[string](store)
		defer l.Close()
		var got []string
		for i := range 1000 {
			var changes map[string][]byte
			if i%3 > 0 {
				changes = change(fmt.Sprint(i%7), fmt.Sprint(i))
			}
			l.Add(changes, []string{fmt.Sprint(i)})
			if i%5 == 0 {
				time.Sleep(time.Duration(i%4) * time.Millisecond)
			}
			got = append(got, take(t, l)...)
		}
		rest, err := l.Flush(nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rest...)
		for i, effect := range got {
			if effect != fmt.Sprint(i) {
				t.Fatalf("effect %d is %s", i, effect)
			}
		}
		if len(got) != 1000 {
			t.Errorf("%d effects, want 1000", len(got))
		}
		last := map[string][]byte{}
		for _, w := range store.writes {
			maps.Copy(last, w)
		}
		wantLast := map[string][]byte{}
		for i := range 1000 {
			if i%3 > 0 {
				wantLast[fmt.Sprint(i%7)] = fmt.Append(nil, i)
			}
		}
		if diff := cmp.Diff(wantLast, last); diff != "" {
			t.Errorf("stored (-want +got)\n%s", diff)
		}
		t.Logf("%d writes", len(store.writes))
	})
}
