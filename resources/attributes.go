package resources

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// AttributeKind is the sort of value that an attribute has.
type AttributeKind uint8

// The kinds.
const (
	AttributeText AttributeKind = iota
	AttributeScalar
	AttributeRanges
	AttributeSet
)

// String returns "text", "scalar", "ranges" or "set".
func (k AttributeKind) String() string {
	switch k {
	case AttributeText:
		return "text"
	case AttributeScalar:
		return "scalar"
	case AttributeRanges:
		return "ranges"
	case AttributeSet:
		return "set"
	default:
		return fmt.Sprintf("AttributeKind(%d)", uint8(k))
	}
}

// Attribute is one property of an agent. Of Text, Scalar, Ranges and Set only
// the one that Kind names is set.
type Attribute struct {
	Name   string
	Kind   AttributeKind
	Text   string
	Scalar Scalar
	Ranges Ranges
	Set    []string
}

// String returns the text form, such as "rack:r1".
func (a Attribute) String() string {
	b := append([]byte(a.Name), ':')
	switch a.Kind {
	case AttributeScalar:
		b = a.Scalar.append(b)
	case AttributeRanges:
		b = a.Ranges.append(b)
	case AttributeSet:
		b = appendSet(b, a.Set)
	default:
		b = appendAttributeText(b, a.Text)
	}
	return string(b)
}

// Attributes are the properties of an agent that frameworks choose by, such
// as "gpu:a100;level:3;rack:r1". The zero value is empty. Attributes never
// change. They are ordered by name; those of one name keep their order.
type Attributes struct {
	list []Attribute
}

// NewAttributes returns the given attributes. It keeps nothing of what it is
// given.
func NewAttributes(as ...Attribute) (Attributes, error) {
	list := make([]Attribute, 0, len(as))
	for _, a := range as {
		a = a.clone()
		if err := a.canonical(); err != nil {
			return Attributes{}, fmt.Errorf("%w: attribute %q: %w", ErrInvalid, excerpt(a.Name), err)
		}
		list = append(list, a)
	}
	return sortAttributes(list), nil
}

func sortAttributes(list []Attribute) Attributes {
	slices.SortStableFunc(list, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	return Attributes{list}
}

func (a Attribute) clone() Attribute {
	a.Ranges = slices.Clone(a.Ranges)
	a.Set = slices.Clone(a.Set)
	return a
}

func (a *Attribute) canonical() (err error) {
	if err := validateName(a.Name); err != nil {
		return err
	}
	if (a.Kind != AttributeText && a.Text != "") || (a.Kind != AttributeScalar && a.Scalar != 0) ||
		(a.Kind != AttributeRanges && len(a.Ranges) > 0) || (a.Kind != AttributeSet && len(a.Set) > 0) {
		return fmt.Errorf("its kind is %s but it has a value of another kind", a.Kind)
	}
	switch a.Kind {
	case AttributeText:
		return validateText("text", a.Text)
	case AttributeScalar:
		if a.Scalar < 0 {
			return fmt.Errorf("number %s is negative", a.Scalar)
		}
	case AttributeRanges:
		if len(a.Ranges) == 0 {
			return errors.New("it has no ranges")
		}
		a.Ranges, _, err = a.Ranges.canonical()
	case AttributeSet:
		if len(a.Set) == 0 {
			return errors.New("its set is empty")
		}
		a.Set, err = canonicalSet(a.Set)
	default:
		return fmt.Errorf("unknown kind %d: want text, scalar, ranges or set", a.Kind)
	}
	return err
}

// ParseAttributes reads the text form, such as "rack:r1;level:3". A value is a
// number, ranges in brackets, a set in braces, and otherwise a text. Text that
// looks like one of the others, or has a semicolon, stands in quotes.
func ParseAttributes(s string) (Attributes, error) {
	var list []Attribute
	err := parseList(s, func(p *scanner) error {
		a := Attribute{Name: strings.Clone(p.bare())}
		err := p.expect(':', "the name")
		if err == nil {
			err = parseAttributeValue(p, &a)
		}
		if err == nil {
			err = a.canonical()
		}
		list = append(list, a)
		return err
	})
	if err != nil {
		return Attributes{}, err
	}
	return sortAttributes(list), nil
}

// MustParseAttributes is ParseAttributes for constants of the program: it
// panics on an error.
func MustParseAttributes(s string) Attributes {
	a, err := ParseAttributes(s)
	if err != nil {
		panic(err)
	}
	return a
}

func parseAttributeValue(p *scanner, a *Attribute) (err error) {
	switch p.peek() {
	case '[':
		a.Kind = AttributeRanges
		a.Ranges, err = parseRanges(p)
		return err
	case '{':
		a.Kind = AttributeSet
		a.Set, err = parseSet(p)
		return err
	case '"':
		a.Text, err = p.word("the text")
		a.Text = strings.Clone(a.Text)
		return err
	}
	text, _, _ := strings.Cut(p.rest(), ";")
	p.pos += len(text)
	text = strings.TrimRight(text, " \t\r\n")
	if !isNumber(text) {
		a.Text = strings.Clone(text)
		return nil
	}
	a.Kind = AttributeScalar
	if a.Scalar, err = parseScalar(text); err != nil {
		return fmt.Errorf("%w; in quotes it is a text", err)
	}
	return nil
}

// isNumber reports whether s is a decimal, even one that is no Scalar.
func isNumber(s string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return isDigits(whole) && (!point || isDigits(fraction))
}

func isDigits(s string) bool {
	return s != "" && strings.TrimLeft(s, "0123456789") == ""
}

func appendAttributeText(b []byte, s string) []byte {
	plain := s != "" && !isNumber(s) && strings.TrimSpace(s) == s && s[0] != '[' && s[0] != '{' && s[0] != '"' &&
		!strings.ContainsFunc(s, func(c rune) bool { return c == ';' || c < ' ' || c == 0x7f })
	if plain {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}

// Get returns the first attribute of that name.
func (a Attributes) Get(name string) (Attribute, bool) {
	for i := range a.list {
		if a.list[i].Name == name {
			return a.list[i].clone(), true
		}
	}
	return Attribute{}, false
}

// All yields every attribute. What it yields is a copy.
func (a Attributes) All() iter.Seq[Attribute] {
	return func(yield func(Attribute) bool) {
		for i := range a.list {
			if !yield(a.list[i].clone()) {
				return
			}
		}
	}
}

// Len returns how many attributes there are.
func (a Attributes) Len() int { return len(a.list) }

// IsEmpty reports whether there are none.
func (a Attributes) IsEmpty() bool { return len(a.list) == 0 }

// Equal reports whether both hold the same.
func (a Attributes) Equal(o Attributes) bool {
	return slices.EqualFunc(a.list, o.list, func(x, y Attribute) bool {
		return x.Name == y.Name && x.Kind == y.Kind && x.Text == y.Text && x.Scalar == y.Scalar &&
			slices.Equal(x.Ranges, y.Ranges) && slices.Equal(x.Set, y.Set)
	})
}

// String returns the text form, which [ParseAttributes] reads.
func (a Attributes) String() string {
	var b strings.Builder
	for i := range a.list {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(a.list[i].String())
	}
	return b.String()
}
