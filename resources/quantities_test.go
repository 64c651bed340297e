package resources

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuantities(t *testing.T) {
	r := MustParse("cpus:1;cpus(a):2.5;ports:[1-10];x:{a,b};disk:3;disk[VOLUME:v:d]:4<SHARED>*5")
	q := r.Quantities()
	want := map[string]Scalar{"cpus": 3500, "ports": 10 * Unit, "x": 2 * Unit, "disk": 7 * Unit}
	if diff := cmp.Diff(want, maps.Collect(q.All())); diff != "" {
		t.Errorf("Quantities of %v (-want +got):\n%s", r, diff)
	}
	if got := q.String(); got != "cpus:3.5;disk:7;ports:10;x:2" || q.Len() != 4 || q.Get("cpus") != 3500 || q.Get("y") != 0 {
		t.Errorf("%s, Len %d, cpus %v, y %v", got, q.Len(), q.Get("cpus"), q.Get("y"))
	}
	for range q.All() {
		break // must not panic
	}
	if !(Resources{}).Quantities().IsEmpty() || q.IsEmpty() {
		t.Error("IsEmpty is wrong")
	}
}

func TestQuantitiesArithmetic(t *testing.T) {
	for _, test := range []struct{ have, want, missing, sum string }{
		{"", "", "", ""},
		{"cpus:1", "", "", "cpus:1"},
		{"", "cpus:1", "cpus:1", "cpus:1"},
		{"cpus:2;mem:5", "cpus:1;mem:6", "mem:1", "cpus:3;mem:11"},
		{"cpus:2;x:1", "mem:1;y:2", "mem:1;y:2", "cpus:2;mem:1;x:1;y:2"},
		{"b:1;c:1", "a:1", "a:1", "a:1;b:1;c:1"},
	} {
		have, want := MustParseQuantities(test.have), MustParseQuantities(test.want)
		missing := have.Missing(want)
		if missing.String() != test.missing || have.Contains(want) != missing.IsEmpty() {
			t.Errorf("%s misses %v of %s, want %s; contains it: %v", test.have, missing, test.want, test.missing, have.Contains(want))
		}
		if sum, err := have.Add(want); err != nil || sum.String() != test.sum {
			t.Errorf("%s + %s = %v, %v; want %s", test.have, test.want, sum, err, test.sum)
		}
	}
	_, err := MustParseQuantities("cpus:9223372036854775").Add(MustParseQuantities("cpus:1"))
	checkError(t, "sum", err, ErrOverflow, "resources: overflow: cpus: 9223372036854775 plus 1 is more than 9223372036854775.807")
}

func TestParseQuantities(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "cpus:0": "", "mem:32;cpus:0.01": "cpus:0.01;mem:32", "cpus:1;cpus:2;": "cpus:3", "mem:1GiB": "mem:1024", "ports:10": "ports:10",
	} {
		if got, err := ParseQuantities(text); err != nil || got.String() != want {
			t.Errorf("ParseQuantities(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"cpus":          `"cpus": nothing after the name: want ':'`,
		":1":            `":1": name is empty`,
		"cpus(eng):1":   `"cpus(eng):1": '(' after the name: want ':'`,
		"ports:[1-2]":   `"ports:[1-2]": "[1-2]" is not a number: want a decimal such as 4096 or 0.5`,
		"cpus:1;mem:-1": `"mem:-1": number "-1" is negative`,
	} {
		_, err := ParseQuantities(text)
		checkError(t, text, err, ErrInvalid, "resources: invalid: "+want)
	}
	_, err := ParseQuantities("cpus:9223372036854775;cpus:1")
	checkError(t, "sum", err, ErrOverflow, "resources: overflow: cpus: 9223372036854775 plus 1 is more than 9223372036854775.807")
}
