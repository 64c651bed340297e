package resources

import (
	"errors"
	"testing"
)

var textSeeds = []string{
	"", "cpus:24;mem:4GiB;ports:[31000-32000];cpus(eng):4", "x:{a,\"b c\"}", "cpus(eng,+eng/a@p{k=v,l}):0.001", "cpus:2{REV}",
	"disk[PATH:/a]:1;disk[MOUNT:/b]:2;disk(+r)[MOUNT:/c,VOLUME:v@p:d:ro]:3<SHARED>*2", "ports:[0-1,18446744073709551615]",
	"mem:128KiB", "rack:r1;level:10;keys:[1-2]", "cpus:-1", "cpus:1e300", "ports:[5-3]", "a:\"\\xff\"", "x:{", "((", "cpus:9223372036854775.807",
}

func seedTexts(f *testing.F) {
	f.Helper()
	for _, s := range textSeeds {
		f.Add(s)
	}
}

// known reports whether err is of exactly one of the documented kinds, and of
// a length that a log can bear.
func known(err error) bool {
	n := 0
	for _, kind := range []error{ErrInvalid, ErrOverflow, ErrKind, ErrTwice} {
		if errors.Is(err, kind) {
			n++
		}
	}
	return n == 1 && len(err.Error()) < 1000
}

func FuzzParse(f *testing.F) {
	seedTexts(f)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			if !known(err) {
				t.Fatalf("Parse(%q): %v", text, err)
			}
			return
		}
		if s := r.String(); len(s) <= MaxTextLength {
			again, err := Parse(s)
			if err != nil || !again.Equal(r) || again.String() != s {
				t.Fatalf("Parse(%q) = %q, which parses as %q, %v", text, s, again, err)
			}
		}
		if rest, ok := r.Sub(r); !ok || !rest.IsEmpty() || !r.Contains(r) || !r.Missing(r).IsEmpty() {
			t.Fatalf("%v without itself = %v, %v", r, rest, ok)
		}
		data, err := r.MarshalJSON()
		var again Resources
		if err == nil && len(data) <= MaxJSONLength {
			err = again.UnmarshalJSON(data)
			if err != nil || !again.Equal(r) {
				t.Fatalf("%q as JSON %s decodes as %q, %v", r, data, again, err)
			}
		}
	})
}

func FuzzParseScalar(f *testing.F) {
	for _, s := range []string{"0", "0.5", "4096", "1.5000", "-1", "1e300", "NaN", "9223372036854775.807", "9223372036854775.808", "", ".", "00.000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseScalar(text)
		if err != nil {
			if !known(err) {
				t.Fatalf("ParseScalar(%q): %v", text, err)
			}
			return
		}
		if again, err := ParseScalar(v.String()); v < 0 || err != nil || again != v {
			t.Fatalf("ParseScalar(%q) = %v, which parses as %v, %v", text, v, again, err)
		}
	})
}

func FuzzParseQuantities(f *testing.F) {
	seedTexts(f)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuantities(text)
		if err != nil {
			if !known(err) {
				t.Fatalf("ParseQuantities(%q): %v", text, err)
			}
			return
		}
		if s := q.String(); len(s) <= MaxTextLength {
			if again, err := ParseQuantities(s); err != nil || !again.Equal(q) {
				t.Fatalf("ParseQuantities(%q) = %q, which parses as %q, %v", text, s, again, err)
			}
		}
		if !q.Contains(q) || !q.Missing(q).IsEmpty() {
			t.Fatalf("%v misses %v of itself", q, q.Missing(q))
		}
	})
}

func FuzzParseAttributes(f *testing.F) {
	seedTexts(f)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAttributes(text)
		if err != nil {
			if !known(err) {
				t.Fatalf("ParseAttributes(%q): %v", text, err)
			}
			return
		}
		if s := a.String(); len(s) <= MaxTextLength {
			if again, err := ParseAttributes(s); err != nil || !again.Equal(a) || again.String() != s {
				t.Fatalf("ParseAttributes(%q) = %q, which parses as %q, %v", text, s, again, err)
			}
		}
		data, err := a.MarshalJSON()
		var again Attributes
		if err == nil && len(data) <= MaxJSONLength {
			if err := again.UnmarshalJSON(data); err != nil || !again.Equal(a) {
				t.Fatalf("%q as JSON %s decodes as %q, %v", a, data, again, err)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range textSeeds {
		if r, err := Parse(s); err == nil {
			data, err := r.MarshalJSON()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(`[{"name":"x","type":"SCALAR","scalar":{"value":1e-3},"role":"eng","reservation":{"principal":"p"}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Resources
		if err := r.UnmarshalJSON(data); err != nil {
			if !errors.Is(err, ErrInvalid) && !known(err) {
				t.Fatalf("%q: %v", data, err)
			}
		} else if out, err := r.MarshalJSON(); err != nil {
			t.Fatalf("%q decodes as %v, which does not encode: %v", data, r, err)
		} else if len(out) <= MaxJSONLength {
			var again Resources
			if err := again.UnmarshalJSON(out); err != nil || !again.Equal(r) {
				t.Fatalf("%q decodes as %v, then %v, %v", data, r, again, err)
			}
		}
		var a Attributes
		if err := a.UnmarshalJSON(data); err != nil && !errors.Is(err, ErrInvalid) {
			t.Fatalf("%q: %v", data, err)
		}
	})
}
