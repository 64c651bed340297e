package resources

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAttributes(t *testing.T) {
	for text, want := range map[string][]Attribute{
		"": nil,
		"rack:abc;zone:west;os:centos5;level:10;keys:[1000-1500]": {
			{Name: "keys", Kind: AttributeRanges, Ranges: Ranges{{1000, 1500}}},
			{Name: "level", Kind: AttributeScalar, Scalar: 10 * Unit},
			{Name: "os", Text: "centos5"},
			{Name: "rack", Text: "abc"},
			{Name: "zone", Text: "west"},
		},
		"b:2;a:z;b:1":               {{Name: "a", Text: "z"}, {Name: "b", Kind: AttributeScalar, Scalar: 2 * Unit}, {Name: "b", Kind: AttributeScalar, Scalar: Unit}},
		"x:{b, a}":                  {{Name: "x", Kind: AttributeSet, Set: []string{"a", "b"}}},
		"url: http://a:80/b c ; y:": {{Name: "url", Text: "http://a:80/b c"}, {Name: "y"}},
		"ip:10.0.0.1;d:2024-01-02;h:1e5;v:1.2.": {
			{Name: "d", Text: "2024-01-02"}, {Name: "h", Text: "1e5"}, {Name: "ip", Text: "10.0.0.1"}, {Name: "v", Text: "1.2."},
		},
		`n:"10";s:"a;b";neg:"-5"`: {{Name: "n", Text: "10"}, {Name: "neg", Text: "-5"}, {Name: "s", Text: "a;b"}},
	} {
		got, err := ParseAttributes(text)
		if err != nil {
			t.Errorf("ParseAttributes(%q): %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, slices.Collect(got.All())); diff != "" {
			t.Errorf("ParseAttributes(%q) (-want +got):\n%s", text, diff)
		}
		checkAttributesRoundTrip(t, got)
	}
}

func checkAttributesRoundTrip(t *testing.T, a Attributes) {
	t.Helper()
	if again, err := ParseAttributes(a.String()); err != nil || !again.Equal(a) {
		t.Errorf("%s parses as %v, %v", a, again, err)
	}
	if again, err := NewAttributes(slices.Collect(a.All())...); err != nil || !again.Equal(a) {
		t.Errorf("NewAttributes of %v = %v, %v", a, again, err)
	}
	data, err := a.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var again Attributes
	if err := again.UnmarshalJSON(data); err != nil || !again.Equal(a) {
		t.Errorf("%s decodes as %v, %v", data, again, err)
	}
}

func TestParseAttributesErrors(t *testing.T) {
	for text, want := range map[string]string{
		"rack":        `"rack": nothing after the name: want ':'`,
		":a":          `":a": name is empty`,
		"level:-5":    `"level:-5": number "-5" is negative; in quotes it is a text`,
		"v:1.0005":    `"v:1.0005": number "1.0005" is finer than a thousandth; in quotes it is a text`,
		"keys:[5-3]":  `"keys:[5-3]": range 5-3 ends before it begins`,
		"keys:[]":     `"keys:[]": it has no ranges`,
		"x:{}":        `"x:{}": its set is empty`,
		`a:"b" c`:     `"a:\"b\" c": 'c' after the value: want ';' or the end`,
		`a:"b`:        `"a:\"b": the text "b has no end of its quotes or a bad escape`,
		"a:\xff;b:cd": `"a:\xff": text "\xff" is not valid UTF-8`,
	} {
		_, err := ParseAttributes(text)
		checkError(t, text, err, ErrInvalid, "resources: invalid: "+want)
	}
	for _, test := range []struct {
		a    Attribute
		want string
	}{
		{Attribute{}, `attribute "": name is empty`},
		{Attribute{Name: "a", Kind: 9}, `attribute "a": unknown kind 9: want text, scalar, ranges or set`},
		{Attribute{Name: "a", Kind: AttributeScalar, Scalar: -1}, `attribute "a": number -0.001 is negative`},
		{Attribute{Name: "a", Scalar: 1}, `attribute "a": its kind is text but it has a value of another kind`},
	} {
		_, err := NewAttributes(test.a)
		checkError(t, test.a, err, ErrInvalid, "resources: invalid: "+test.want)
	}
}

func TestAttributesGet(t *testing.T) {
	a := MustParseAttributes("rack:r1;rack:r2;x:{a}")
	if got, ok := a.Get("rack"); !ok || got.Text != "r1" {
		t.Errorf("Get(rack) = %v, %v; want the first", got, ok)
	}
	if _, ok := a.Get("zone"); ok {
		t.Error("Get(zone) finds something")
	}
	x, _ := a.Get("x")
	x.Set[0] = "spoiled"
	if want := "rack:r1;rack:r2;x:{a}"; a.String() != want || a.Len() != 3 || a.IsEmpty() {
		t.Errorf("%v, Len %d; want %s", a, a.Len(), want)
	}
	if a.Equal(MustParseAttributes("rack:r2;rack:r1;x:{a}")) {
		t.Error("attributes of one name in another order are equal")
	}
	if !a.Equal(MustParseAttributes("x:{a};rack:r1;rack:r2")) {
		t.Error("attributes of several names in another order are not equal")
	}
}
