package offers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

func constrainedAgent() *proffer.AgentInfo {
	return &proffer.AgentInfo{
		ID: "a1", Hostname: "web7.example",
		Resources:  resources.MustParse("cpus:4;cpus(eng):4;gpus:2;ports:[1-10];fpgas:{x,y}"),
		Attributes: resources.MustParseAttributes(`rack:r1;level:3;slots:[1-4];disks:{ssd};rack:r2;empty:""`),
		Domain:     proffer.Domain{Region: "north"},
	}
}

// The rules of Mesos's offer constraints, and ours for numbers.
func TestConstraintsMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"any": true,

		"has rack": true, "has no rack": false, "has shelf": false, "has no shelf": true,
		"has level": true, "has slots": true, "has disks": true, "has empty": true,

		"rack = r1": true, "rack = r2": false, // the first of a name counts
		"rack != r1": false, "rack != r2": true, `empty = ""`: true,
		"shelf = r1": false, "shelf != r1": true, "shelf ~ .*": false, "shelf !~ .*": true,

		"rack ~ r": false, "rack ~ r.": true, "rack ~ r|r1": true, "rack !~ r": true, // the whole text
		"rack ~ (?i)R1": true, "rack ~ R1": false,

		// Text predicates hold of what is no text.
		`level = "3"`: true, `level != "3"`: true, "level ~ x": true, "level !~ .*": true,
		"slots = a": true, "disks != ssd": true,

		"level = 3": true, "level = 4": false, "level != 3": false, "level != 4": true,
		"level >= 3": true, "level >= 3.001": false, "level <= 3": true, "level <= 2.999": false,
		"rack = 1": false, "rack != 1": false, "rack >= 0": false, "rack <= 9": false, "slots >= 1": false,
		"shelf = 0": false, "shelf != 0": true, "shelf >= 0": false, "shelf <= 9": false,

		"cpus >= 8": true, "cpus >= 8.001": false, "cpus = 8": true, "cpus <= 7": false,
		"gpus >= 2": true, "ports = 10": true, "resource fpgas = 2": true, "has gpus": true,
		"mem = 0": true, "mem <= 0": true, "mem >= 1": false, "has mem": false, "has no mem": true,
		"attribute cpus = 8": false,

		"hostname = web7.example": true, "hostname ~ web[0-9]": false, "hostname ~ web[0-9].*": true,
		"region = north": true, "region != north": false,
		"zone = z": false, "zone != z": true, "has zone": false, "has no zone": true, "zone !~ z": true,

		"rack = r1 and level = 3": true, "rack = r1 and level = 4": false,
		"rack = r2 or level = 3": true, "rack = r2, or level = 4": false,
		"rack = r2 and level = 3 or hostname ~ web.* and has gpus": true,
	} {
		c, err := ParseConstraints(text)
		if err != nil {
			t.Errorf("parse %s: %v", text, err)
			continue
		}
		got, err := c.Match(constrainedAgent())
		if err != nil || got != want {
			t.Errorf("%s: %v (%v), want %v", text, got, err, want)
		}
		m, _ := c.compile()
		if failing := m.failing(constrainedAgent()); (failing == "") != want {
			t.Errorf("%s: matches is %v, but failing is %q", text, want, failing)
		}
	}
}

func TestConstraintsFailing(t *testing.T) {
	for text, want := range map[string]string{
		"level = 3 and rack = r9":       "rack = r9 (it has rack:r1)",
		"has shelf, or gpus >= 4":       "has shelf (it has none), and not gpus >= 4 (it has 2)",
		"hostname = x or zone = z":      "hostname = x (it is web7.example), and not zone = z (it has none)",
		"rack = r1, or hostname = none": "",
	} {
		c, err := ParseConstraints(text)
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.compile()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, m.failing(constrainedAgent())); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", text, diff)
		}
	}
}

func TestConstraintsValidate(t *testing.T) {
	for want, c := range map[string]Constraints{
		"group 1 is empty": {{}},
		"constraint 1 of group 2: field Name is empty": {{{Name: "a"}}, {{Is: Exists}}},
		`Name is "x": a host name, region or zone`:     {{{Of: OfHostname, Name: "x"}}},
		"Of is 9: want one of the subjects":            {{{Of: 9, Name: "x"}}},
		"Is is 77: want one of the predicates":         {{{Name: "x", Is: 77}}},
		"text predicate does not fit a resource":       {{{Of: OfResource, Name: "cpus", Is: TextEquals, Text: "4"}}},
		"numeric predicate does not fit a text":        {{{Of: OfZone, Is: AtLeast}}},
		`Text is "x": only text predicates`:            {{{Name: "x", Is: AtLeast, Text: "x"}}},
		"Number is 1: only numeric predicates":         {{{Name: "x", Is: Exists, Number: 1000}}},
		"Number is -1: want 0 or more":                 {{{Name: "x", Is: AtLeast, Number: -1000}}},
		"missing closing )":                            {{{Name: "x", Is: TextMatches, Text: "("}}},
		"unexpected )":                                 {{{Name: "x", Is: TextMatches, Text: "a)|(b"}}},
		"is of 4097 bytes: at most 4096":               {{{Name: "x", Is: TextNotMatches, Text: strings.Repeat("a", 4097)}}},
		"instructions: at most 1000 are allowed":       {{{Name: "x", Is: TextMatches, Text: "(a{30}){33}b{100}"}}},
	} {
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", c, err, want)
		}
		if _, err := c.Match(constrainedAgent()); err == nil {
			t.Errorf("%v: Match has no error", c)
		}
		if _, err := c.Compile(); err == nil {
			t.Errorf("%v: Compile has no error", c)
		}
	}
	var none Constraints
	if err := none.Validate(); err != nil {
		t.Error(err)
	}
}

func TestConstraintsCompiledAreACopy(t *testing.T) {
	c := Constraints{{{Name: "rack", Is: TextEquals, Text: "r1"}}}
	match, err := c.Compile()
	if err != nil {
		t.Fatal(err)
	}
	c[0][0].Text = "r2"
	if !match(constrainedAgent()) {
		t.Error("the test changed with the constraints that it was made of")
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	c, err := ParseConstraints("rack = r9 or level >= 4 or hostname ~ db.* or gpus >= 9 or mem >= 1 or rack = r1")
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.compile()
	if err != nil {
		t.Fatal(err)
	}
	agent := constrainedAgent()
	if n := testing.AllocsPerRun(100, func() { m.match(agent) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestConstraintsText(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "any",
		"any":                            "any",
		"rack=r1 and level>=3":           "rack = r1 and level >= 3",
		"rack = r1 or hostname ~ web.*":  "rack = r1, or hostname ~ web.*",
		`rack = "3" and rack != 3.50`:    `rack = "3" and rack != 3.5`,
		`"and" = "or"`:                   `"and" = "or"`,
		`resource disk_io >= 2`:          "resource disk_io >= 2",
		`attribute gpus = a100`:          "attribute gpus = a100",
		`hostname ~ "a{1,2}" and has x`:  `hostname ~ "a{1,2}" and has x`,
		`zone !~ "" or region != "a b,"`: `zone !~ "", or region != "a b,"`,
	} {
		c, err := ParseConstraints(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, c.String()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"rack":              "at the end: want one of = != ~ !~ >= <=",
		"rack =":            "at the end: want a name or a text",
		"rack = r1 rack":    `at "rack": want and, or, or the end`,
		"rack = r1,":        "at the end: want or after a comma",
		"rack = r1 and":     "at the end: want a name or a text",
		"rack >= r1":        `at "r1": want a number`,
		`rack >= "3"`:       `at "3": want a number`,
		`rack = "r1`:        "the text in quotes does not end",
		"has":               "at the end: want a name",
		"rack = or":         `at "or": want a name or a text`,
		"= = =":             `at "=": want a name`,
		"rack ~ (":          "missing closing )",
		"cpus = many":       "a text predicate does not fit a resource",
		"hostname >= 3":     "a numeric predicate does not fit a text",
		"rack > 3":          `at ">": want one of`,
		"resource = 3":      `at "=": want a name`,
		"rack = r1 or or":   `at "or": want a name`,
		"rack = 3 and no x": `at "no": want a name`,
	} {
		_, err := ParseConstraints(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

// FuzzParseConstraints: what is read is valid, its text form is read as the
// same, and it can be matched.
func FuzzParseConstraints(f *testing.F) {
	for _, seed := range []string{
		"any", "rack = r1 and level >= 3, or hostname ~ web.*", `has "x y" and has no zone`,
		"resource fpgas != 0.5", `attribute cpus !~ "(a|b)*"`, `rack="`, "a<=9999999999999999",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConstraints(text)
		if err != nil {
			return
		}
		again, err := ParseConstraints(c.String())
		if err != nil {
			t.Fatalf("%q is read as %s, which is not read: %v", text, c, err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Fatalf("%q is read as %s, which is read otherwise: (-want +got)\n%s", text, c, diff)
		}
		m, err := c.compile()
		if err != nil {
			t.Fatal(err)
		}
		agent := constrainedAgent()
		if m.match(agent) != (m.failing(agent) == "") {
			t.Fatalf("%s: match and failing disagree", c)
		}
	})
}
