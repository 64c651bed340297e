package registrytest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/proffer-go/proffer/internal/clock"
)

// testHistory writes at random, opens again at random, and holds what is
// stored against a map. PROFFER_SEED repeats a history.
func testHistory(p *place) {
	seed := uint64(clock.System.Now().UnixNano())
	if text := os.Getenv("PROFFER_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			p.Fatal(err)
		}
	}
	p.Logf("PROFFER_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	want := records{}
	for range 150 {
		changes := records{}
		for range rng.IntN(20) {
			k := key(rng.IntN(300))
			switch rng.IntN(3) {
			case 0:
				changes[k] = nil
			default:
				changes[k] = make([]byte, rng.IntN(2000))
				for i := range changes[k] {
					changes[k][i] = byte(rng.Uint32())
				}
			}
		}
		p.write(changes)
		maps.Copy(want, changes)
		maps.DeleteFunc(want, func(_ string, v []byte) bool { return v == nil })
		if rng.IntN(15) == 0 {
			p.want(want)
		}
	}
	p.want(want)
}

// testLarge fills a registry as a large cluster does, a thousand launches at a
// time, and loads it.
func testLarge(p *place) {
	want := make(records, p.subject.Records)
	start := clock.System.Now()
	for i := 0; i < p.subject.Records; {
		changes := make(records, 1000)
		for ; len(changes) < 1000 && i < p.subject.Records; i++ {
			changes[key(i)] = fmt.Appendf(nil, "%0*d", 100+i%200, i)
		}
		maps.Copy(want, changes)
		p.write(changes)
	}
	written := clock.System.Now()
	p.reopen()
	opened := clock.System.Now()
	got, err := p.Load(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	p.Logf("%d records written in %v, opened in %v, loaded in %v", len(want),
		written.Sub(start).Round(time.Millisecond), opened.Sub(written).Round(time.Millisecond),
		clock.System.Now().Sub(opened).Round(time.Millisecond))
	if len(got) != len(want) {
		p.Fatalf("%d records, want %d", len(got), len(want))
	}
	for k, v := range want {
		if string(got[k]) != string(v) {
			p.Fatalf("%s is %q, want %q", k, got[k], v)
		}
	}
}
