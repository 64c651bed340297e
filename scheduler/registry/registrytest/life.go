package registrytest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/proffer-go/proffer/scheduler/registry"
)

// testCancelled: a context that has ended has no effect on what is stored.
func testCancelled(p *place) {
	p.write(records{"a": []byte("1")})
	why := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(p.Context())
	cancel(why)
	p.wantError("write", why, p.Write(ctx, records{"a": []byte("2"), "b": []byte("3")}))
	got, err := p.Load(ctx)
	p.wantError("load", why, err)
	if got != nil {
		p.Errorf("load returned %d records with its error", len(got))
	}
	p.want(records{"a": []byte("1")})
}

// testClosed: nothing works after Close but Close.
func testClosed(p *place) {
	p.write(records{"a": []byte("1")})
	if err := p.Close(); err != nil {
		p.Fatal(err)
	}
	if err := p.Close(); err != nil {
		p.Errorf("closing again: %v", err)
	}
	_, err := p.Load(p.Context())
	p.wantError("load", registry.ErrClosed, err)
	p.wantError("write", registry.ErrClosed, p.Write(p.Context(), records{"a": nil}))
	p.open()
	p.want(records{"a": []byte("1")})
}

// testConcurrent has several write records of their own, in pairs, and read
// those of all: a pair is written whole or not at all.
func testConcurrent(p *place) {
	const writers, rounds = 4, 25
	pair := func(writer int) (string, string) {
		return fmt.Sprintf("writer-%d/first", writer), fmt.Sprintf("writer-%d/second", writer)
	}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range rounds {
				first, second := pair(w)
				if err := p.Write(p.Context(), records{first: fmt.Append(nil, i), second: fmt.Append(nil, i)}); err != nil {
					p.Errorf("write: %v", err)
					return
				}
				got, err := p.Load(p.Context())
				if err != nil {
					p.Errorf("load: %v", err)
					return
				}
				if string(got[first]) != fmt.Sprint(i) {
					p.Errorf("%s is %q after %d was written", first, got[first], i)
				}
				for other := range writers {
					first, second := pair(other)
					if string(got[first]) != string(got[second]) {
						p.Errorf("half of a write is seen: %s is %q, %s is %q", first, got[first], second, got[second])
					}
				}
			}
		})
	}
	group.Wait()
	last := records{}
	for w := range writers {
		first, second := pair(w)
		last[first], last[second] = fmt.Append(nil, rounds-1), fmt.Append(nil, rounds-1)
	}
	p.want(last)
}

// testExclusive is for those that keep others away: a second one is refused while the first lives, and does it no
// harm.
func testExclusive(p *place) {
	p.write(records{"a": []byte("1")})
	second, err := p.subject.Open(p.name)
	p.wantError("the second", registry.ErrInUse, err)
	if err == nil {
		_ = second.Close() // so that the others can go on
	}
	p.write(records{"b": []byte("2")})
	p.want(records{"a": []byte("1"), "b": []byte("2")})
}
