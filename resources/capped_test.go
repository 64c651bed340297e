package resources_test

import (
	"testing"

	"github.com/proffer-go/proffer/resources"
)

func TestCapped(t *testing.T) {
	limits := map[string]resources.Scalar{
		"cpus": 2 * resources.Unit, "mem": 0, "disk": 120 * resources.Unit, "gpus": -resources.Unit,
	}
	limit := func(name string) (resources.Scalar, bool) {
		most, ok := limits[name]
		return most, ok
	}
	for _, test := range []struct{ in, want string }{
		{"cpus:4;mem:10;ports:[1-5]", "cpus:2;ports:[1-5]"},
		{"cpus:1;other:7", "cpus:1;other:7"},
		{"cpus:1;cpus(a):4", "cpus:1;cpus(a):1"},
		{"gpus:2", ""},
		{"disk[MOUNT:/a]:200;disk[MOUNT:/b]:100;disk:50", "disk:20;disk[MOUNT:/b]:100"},
		{"disk[MOUNT:/a]:121", ""},
		{"", ""},
	} {
		if got := resources.MustParse(test.in).Capped(limit); !got.Equal(resources.MustParse(test.want)) {
			t.Errorf("%q capped is %q, want %q", test.in, got, test.want)
		}
	}
}

func TestIsPlainAndAmounts(t *testing.T) {
	for in, want := range map[string]bool{
		"": true, "cpus:1;ports:[1-2];fpgas:{a}": true, "cpus(a):1": false, "cpus:1{REV}": false,
		"disk[PATH:/a]:1": false, "disk(a)[VOLUME:v:d]:1<SHARED>": false,
	} {
		r := resources.MustParse(in)
		if got := r.IsPlain(); got != want {
			t.Errorf("IsPlain of %q is %v", in, got)
		}
		q := r.Quantities()
		for name, amount := range r.Amounts() {
			if q.Get(name) != amount {
				t.Errorf("%q: Amounts yields %v of %s, Quantities %v", in, amount, name, q.Get(name))
			}
		}
	}
}
