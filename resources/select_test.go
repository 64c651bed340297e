package resources

import "testing"

func TestSelect(t *testing.T) {
	r := MustParse("cpus:1;cpus(a):2;cpus(a,+a/b):3;cpus(ab):4;mem:5{REV};disk(a)[VOLUME:v:d]:6<SHARED>*2")
	for _, test := range []struct {
		name string
		got  Resources
		want string
	}{
		{"Unreserved", r.Unreserved(), "cpus:1;mem:5{REV}"},
		{"Reserved", r.Reserved(), "cpus(a):2;cpus(a,+a/b):3;cpus(ab):4;disk(a)[VOLUME:v:d]:6<SHARED>*2"},
		{"ReservedTo a", r.ReservedTo("a"), "cpus(a):2;disk(a)[VOLUME:v:d]:6<SHARED>*2"},
		{"ReservedTo a/b", r.ReservedTo("a/b"), "cpus(a,+a/b):3"},
		{"ReservedTo nobody", r.ReservedTo(""), ""},
		{"AllocatableTo a", r.AllocatableTo("a"), "cpus:1;cpus(a):2;disk(a)[VOLUME:v:d]:6<SHARED>*2;mem:5{REV}"},
		{"AllocatableTo a/b/c", r.AllocatableTo("a/b/c"), "cpus:1;cpus(a):2;cpus(a,+a/b):3;disk(a)[VOLUME:v:d]:6<SHARED>*2;mem:5{REV}"},
		{"AllocatableTo *", r.AllocatableTo("*"), "cpus:1;mem:5{REV}"},
		{"Revocable", r.Revocable(), "mem:5{REV}"},
		{"Shared", r.Shared(), "disk(a)[VOLUME:v:d]:6<SHARED>*2"},
		{"Named", r.Named("mem", "disk"), "disk(a)[VOLUME:v:d]:6<SHARED>*2;mem:5{REV}"},
	} {
		if got := test.got.String(); got != test.want {
			t.Errorf("%s = %s, want %s", test.name, got, test.want)
		}
	}
	if v := r.Volumes(); len(v) != 1 || v[0].Copies != 2 || v[0].Disk.Volume.ID != "v" {
		t.Errorf("Volumes() = %v", v)
	}
}

func TestReserve(t *testing.T) {
	by := Reservation{Role: "eng/a", Principal: "p", Dynamic: true}
	got, err := MustParse("cpus:1;cpus(eng):2").Reserve(by)
	if want := "cpus(+eng/a@p):1;cpus(eng,+eng/a@p):2"; err != nil || got.String() != want {
		t.Errorf("Reserve = %v, %v; want %s", got, err, want)
	}
	// Different reservations merge once they are undone.
	got, err = MustParse("cpus(eng,+eng/a{k=v}):1;cpus(eng,+eng/a):2").Unreserve()
	if want := "cpus(eng):3"; err != nil || got.String() != want {
		t.Errorf("Unreserve = %v, %v; want %s", got, err, want)
	}
	static := Reservation{Role: "eng"}
	if got, err = MustParse("cpus:1").Reserve(static); err != nil || got.String() != "cpus(eng):1" {
		t.Errorf("Reserve = %v, %v; want cpus(eng):1", got, err)
	}

	for _, test := range []struct {
		r    string
		by   Reservation
		want string
	}{
		{"cpus(ops):1", by, `reserve "cpus(ops):1": reservation to "eng/a" does not refine that to "ops": want a role below it`},
		{"cpus(eng/a):1", by, `reserve "cpus(eng/a):1": reservation to "eng/a" does not refine that to "eng/a": want a role below it`},
		{"cpus:1{REV}", by, `reserve "cpus:1{REV}": it is reserved at run time and revocable: what may be taken back cannot be reserved`},
		{"disk[VOLUME:v:d]:1", by, `reserve "disk[VOLUME:v:d]:1": it is a volume: reserve the disk before the volume is made`},
		{"cpus:1", Reservation{Role: "*"}, `reserve "cpus:1": role "*" has the component "*", which is reserved`},
	} {
		_, err := MustParse(test.r).Reserve(test.by)
		checkError(t, test.r, err, ErrInvalid, "resources: invalid: "+test.want)
	}
	for r, want := range map[string]string{
		"cpus:1":                   `unreserve "cpus:1": it is not reserved`,
		"cpus(eng):1":              `unreserve "cpus(eng):1": its reservation is static: it ends with the agent's configuration`,
		"disk(+eng)[VOLUME:v:d]:1": `unreserve "disk(+eng)[VOLUME:v:d]:1": it is a volume: destroy the volume first`,
	} {
		_, err := MustParse(r).Unreserve()
		checkError(t, r, err, ErrInvalid, "resources: invalid: "+want)
	}
}

func TestValidateRole(t *testing.T) {
	for _, role := range []string{"eng", "eng/backend/db", "a.b", "ü", "a*b", "..."} {
		if err := ValidateRole(role); err != nil {
			t.Error(err)
		}
	}
	for role, want := range map[string]string{
		"":     "role is empty",
		"*":    `role "*" has the component "*", which is reserved`,
		"/a":   `role "/a" has an empty component: want names separated by single slashes`,
		"a/":   `role "a/" has an empty component: want names separated by single slashes`,
		"a\tb": `role "a\tb" has white space or a control character`,
		"\xff": `role "\xff" is not valid UTF-8`,
	} {
		checkError(t, role, ValidateRole(role), ErrInvalid, "resources: invalid: "+want)
	}
}
