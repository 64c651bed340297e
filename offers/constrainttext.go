package offers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/proffer-go/proffer/resources"
)

// plainResources are the names that mean a resource where nothing else is said.
var plainResources = []string{resources.CPUs, resources.GPUs, resources.Mem, resources.Disk, resources.Ports}

// words are those that mean something in the text form.
var words = []string{"and", "or", "has", "no", "hostname", "region", "zone", "attribute", "resource"}

// operators by predicate; TextEquals and Equals differ by the operand.
var operators = map[Predicate]string{
	TextEquals: "=", TextNotEquals: "!=", TextMatches: "~", TextNotMatches: "!~",
	Equals: "=", NotEquals: "!=", AtLeast: ">=", AtMost: "<=",
}

// String returns the text form, which [ParseConstraints] reads; "any" where
// there are no constraints.
func (c Constraints) String() string {
	if len(c) == 0 {
		return "any"
	}
	var b strings.Builder
	for i, group := range c {
		if i > 0 {
			b.WriteString(", or ")
		}
		for j := range group {
			if j > 0 {
				b.WriteString(" and ")
			}
			b.WriteString(group[j].String())
		}
	}
	return b.String()
}

// String returns the text form, such as "rack = r1", "gpus >= 4" or "has ssd".
func (c Constraint) String() string {
	subject := c.subject()
	switch {
	case c.Is == Exists:
		return "has " + subject
	case c.Is == NotExists:
		return "has no " + subject
	case c.Is.isNumeric():
		return subject + " " + operators[c.Is] + " " + c.Number.String()
	case c.Is.isText():
		return subject + " " + operators[c.Is] + " " + quoted(c.Text)
	default:
		return subject + " predicate(" + strconv.Itoa(int(c.Is)) + ")"
	}
}

func (c Constraint) subject() string {
	switch c.Of {
	case OfHostname:
		return "hostname"
	case OfRegion:
		return "region"
	case OfZone:
		return "zone"
	case OfResource:
		if slices.Contains(plainResources, c.Name) {
			return c.Name
		}
		return "resource " + quoted(c.Name)
	case OfAttribute:
		if slices.Contains(plainResources, c.Name) {
			return "attribute " + c.Name
		}
		return quoted(c.Name)
	default:
		return "subject(" + strconv.Itoa(int(c.Of)) + ") " + quoted(c.Name)
	}
}

// quoted returns s so that it is read as one text.
func quoted(s string) string {
	_, notNumber := resources.ParseScalar(s)
	special := strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`",=!~<>`, r)
	})
	if s == "" || special || notNumber == nil || slices.Contains(words, s) {
		return strconv.Quote(s)
	}
	return s
}

// ParseConstraints reads the text form of constraints:
//
//	rack = r1 and level >= 3 and gpus >= 4, or hostname ~ "web[0-9]+"
//
// Groups are separated by "or", with or without a comma, constraints within a
// group by "and". A constraint is one of
//
//	SUBJECT = TEXT     SUBJECT != TEXT     SUBJECT ~ REGEXP     SUBJECT !~ REGEXP
//	SUBJECT = NUMBER   SUBJECT != NUMBER   SUBJECT >= NUMBER    SUBJECT <= NUMBER
//	has SUBJECT        has no SUBJECT
//
// A subject is hostname, region, zone, or the name of an attribute; cpus, gpus,
// mem, disk and ports are resources. "resource NAME" and "attribute NAME" name
// any other of either kind. What is in double quotes, as in Go, is a text: rack
// = "3" compares texts, rack = 3 numbers. Quotes are needed around what is
// empty, a number or a word of the form, and around spaces, commas and
// operators. The empty text and "any" mean no constraints.
func ParseConstraints(text string) (Constraints, error) {
	p := constraintParser{rest: text}
	p.next()
	if p.token == "" && !p.quoted && p.err == nil || p.token == "any" && p.rest == "" {
		return nil, nil
	}
	c := p.constraints()
	if p.err != nil {
		return nil, fmt.Errorf("offers: constraints %q: %w", excerpt(text), p.err)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// constraintParser has the token at which it stands and what follows; after
// the first error it stays at the end.
type constraintParser struct {
	rest   string
	token  string // unquoted
	quoted bool
	err    error
}

func (p *constraintParser) constraints() Constraints {
	var c Constraints
	for {
		var group []Constraint
		for {
			group = append(group, p.constraint())
			if !p.accept("and") {
				break
			}
		}
		c = append(c, group)
		comma := p.accept(",")
		if !p.accept("or") {
			if comma {
				p.fail("want or after a comma")
			}
			break
		}
	}
	if p.token != "" || p.quoted {
		p.fail("want and, or, or the end")
	}
	return c
}

func (p *constraintParser) constraint() (c Constraint) {
	if p.accept("has") {
		c.Is = Exists
		if p.accept("no") {
			c.Is = NotExists
		}
		c.Of, c.Name = p.subject()
		return c
	}
	c.Of, c.Name = p.subject()
	operator := ""
	for _, known := range []string{"=", "!=", "~", "!~", ">=", "<="} {
		if p.accept(known) {
			operator = known
			break
		}
	}
	number, notNumber := resources.ParseScalar(p.token)
	isNumber := notNumber == nil && !p.quoted
	switch {
	case operator == "":
		p.fail("want one of = != ~ !~ >= <=")
	case operator == ">=" || operator == "<=":
		if !isNumber {
			p.fail("want a number such as 4 or 0.5")
		}
		c.Is, c.Number = AtLeast, number
		if operator == "<=" {
			c.Is = AtMost
		}
	case isNumber && operator == "=":
		c.Is, c.Number = Equals, number
	case isNumber && operator == "!=":
		c.Is, c.Number = NotEquals, number
	default:
		c.Is = map[string]Predicate{"=": TextEquals, "!=": TextNotEquals, "~": TextMatches, "!~": TextNotMatches}[operator]
		c.Text = p.operand()
		return c
	}
	p.next()
	return c
}

func (p *constraintParser) subject() (Subject, string) {
	switch {
	case p.accept("hostname"):
		return OfHostname, ""
	case p.accept("region"):
		return OfRegion, ""
	case p.accept("zone"):
		return OfZone, ""
	case p.accept("attribute"):
		return OfAttribute, p.operand()
	case p.accept("resource"):
		return OfResource, p.operand()
	case !p.quoted && slices.Contains(plainResources, p.token):
		return OfResource, p.operand()
	default:
		return OfAttribute, p.operand()
	}
}

// operand takes the token as a name or text.
func (p *constraintParser) operand() string {
	text := p.token
	if !p.quoted && (text == "" || slices.Contains(words, text) || strings.ContainsAny(text[:1], ",=!~<>")) {
		p.fail("want a name or a text, in quotes if it is a word of the form")
	}
	p.next()
	return text
}

func (p *constraintParser) accept(token string) bool {
	if p.quoted || p.token != token {
		return false
	}
	p.next()
	return true
}

func (p *constraintParser) fail(want string) {
	if p.err == nil {
		at := "at the end"
		if p.token != "" || p.quoted {
			at = fmt.Sprintf("at %q", excerpt(p.token))
		}
		p.err = fmt.Errorf("%s: %s", at, want)
	}
	p.rest, p.token, p.quoted = "", "", false
}

// next reads the next token: a text in quotes, an operator, a comma or a run
// of other characters.
func (p *constraintParser) next() {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	p.token, p.quoted = "", false
	if p.rest == "" {
		return
	}
	if p.rest[0] == '"' {
		literal, err := strconv.QuotedPrefix(p.rest)
		if err != nil {
			p.token = p.rest
			p.fail("the text in quotes does not end, or is not as in Go")
			return
		}
		p.rest = p.rest[len(literal):]
		p.token, _ = strconv.Unquote(literal) // it is one, says QuotedPrefix
		p.quoted = true
		return
	}
	n := strings.IndexAny(p.rest, " \t\r\n\",=!~<>")
	switch {
	case n < 0:
		n = len(p.rest)
	case n == 0:
		n = 1
		if len(p.rest) > 1 && slices.Contains([]string{"!=", "!~", ">=", "<="}, p.rest[:2]) {
			n = 2
		}
	}
	p.token, p.rest = p.rest[:n], p.rest[n:]
}

// excerpt shortens a text that a user gave, for error texts.
func excerpt(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
