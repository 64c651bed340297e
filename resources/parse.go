package resources

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxTextLength is the greatest length in bytes of a text to parse.
const MaxTextLength = 64 << 10

// Parse reads the text form, such as "cpus:24;mem:4GiB;ports:[31000-32000]";
// the package comment has all of it. Resources that are alike are added up and
// those with an amount of zero left out.
func Parse(s string) (Resources, error) {
	var few [8]entry
	entries := few[:0]
	err := parseList(s, func(p *scanner) error {
		r, err := parseResource(p)
		if err != nil {
			return err
		}
		e, err := makeEntry(&r)
		if err == nil && e.amount > 0 {
			entries = append(entries, e)
		}
		return err
	})
	if err != nil {
		return Resources{}, err
	}
	return build(append([]entry(nil), entries...))
}

// MustParse is Parse for constants of the program: it panics on an error.
func MustParse(s string) Resources {
	r, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return r
}

// parseList calls parse for every part of a list separated by semicolons.
// Empty parts are skipped, as Mesos does.
func parseList(s string, parse func(*scanner) error) error {
	if len(s) > MaxTextLength {
		return fmt.Errorf("%w: text has %d bytes: at most %d", ErrInvalid, len(s), MaxTextLength)
	}
	p := scanner{text: s}
	for !p.done() {
		if p.accept(';') {
			continue
		}
		start := p.pos
		err := parse(&p)
		if err == nil && !p.done() && p.peek() != ';' {
			err = fmt.Errorf("%s: want %q or the end", p.found("the value"), ';')
		}
		if err != nil {
			rest, _, _ := strings.Cut(s[p.pos:], ";")
			return fmt.Errorf("%w: %q: %w", ErrInvalid, excerpt(s[start:p.pos+len(rest)]), err)
		}
	}
	return nil
}

func parseResource(p *scanner) (r Resource, err error) {
	r.Name = intern(p.bare())
	if p.accept('(') {
		if r.Reservations, err = parseReservations(p); err != nil {
			return r, err
		}
	}
	if p.accept('[') {
		if r.Disk, err = parseDisk(p); err != nil {
			return r, err
		}
	}
	if err := p.expect(':', "the name"); err != nil {
		return r, err
	}
	switch p.peek() {
	case '[':
		r.Kind = KindRanges
		r.Ranges, err = parseRanges(p)
	case '{':
		r.Kind = KindSet
		r.Set, err = parseSet(p)
	default:
		r.Scalar, err = parseAmount(p, r.Name)
	}
	if err != nil {
		return r, err
	}
	r.Revocable = p.acceptText("{REV}")
	r.Shared = p.acceptText("<SHARED>")
	if p.accept('*') {
		n := p.bare()
		if r.Copies, err = strconv.Atoi(n); err != nil || r.Copies < 1 {
			return r, fmt.Errorf("number of copies %q: want a whole number from 1", excerpt(n))
		}
	}
	return r, nil
}

// intern keeps common names from being allocated, and the text from being held
// by its names.
func intern(name string) string {
	switch name {
	case CPUs:
		return CPUs
	case Mem:
		return Mem
	case Disk:
		return Disk
	case Ports:
		return Ports
	case GPUs:
		return GPUs
	default:
		return strings.Clone(name)
	}
}

// parseAmount reads a number, of mem and disk with an optional unit.
func parseAmount(p *scanner, name string) (Scalar, error) {
	p.peek()
	end := strings.IndexAny(p.rest(), ";{<* \t\r\n")
	if end < 0 {
		end = len(p.rest())
	}
	text := p.rest()[:end]
	p.pos += end
	number := strings.TrimRight(text, "iKMGTBkmgtb")
	unit := text[len(number):]
	if unit == "" && (name == Mem || name == Disk) {
		unit = p.bare() // after a space
	}
	if unit == "" || number == "" {
		return parseScalar(text)
	}
	v, err := parseScalar(number)
	if err != nil {
		return 0, err
	}
	if name != Mem && name != Disk {
		return 0, fmt.Errorf("unit %q: only mem and disk have units", excerpt(unit))
	}
	return inMiB(v, unit)
}

func inMiB(v Scalar, unit string) (Scalar, error) {
	factor := Scalar(1)
	switch unit {
	case "KiB":
		if v%1024 != 0 {
			return 0, fmt.Errorf("%s KiB are no whole number of thousandths of a MiB", v)
		}
		return v / 1024, nil
	case "MiB":
	case "GiB":
		factor = 1 << 10
	case "TiB":
		factor = 1 << 20
	default:
		return 0, fmt.Errorf("unknown unit %q: want KiB, MiB, GiB or TiB", excerpt(unit))
	}
	if v > math.MaxInt64/factor {
		return 0, fmt.Errorf("%s %s are too much: at most %s MiB", v, unit, MaxScalar)
	}
	return v * factor, nil
}

func parseRanges(p *scanner) (Ranges, error) {
	p.accept('[')
	if p.accept(']') {
		return nil, nil
	}
	var ranges Ranges
	for {
		r, err := parseRange(p)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, r)
		if p.accept(']') {
			return ranges, nil
		}
		if err := p.expect(',', "a range"); err != nil {
			return nil, err
		}
	}
}

func parseRange(p *scanner) (r Range, err error) {
	if r.Begin, err = parseWhole(p); err != nil {
		return Range{}, err
	}
	if !p.accept('-') {
		return Range{r.Begin, r.Begin}, nil
	}
	r.End, err = parseWhole(p)
	return r, err
}

func parseWhole(p *scanner) (uint64, error) {
	p.peek()
	end := p.pos
	for end < len(p.text) && isDigit(p.text[end]) {
		end++
	}
	digits := p.text[p.pos:end]
	if digits == "" {
		return 0, errors.New(p.found("\"[\", \",\" or \"-\"") + ": want a whole number")
	}
	p.pos = end
	v, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("number %q is too large: at most %d", excerpt(digits), uint64(math.MaxUint64))
	}
	return v, nil
}

func parseSet(p *scanner) ([]string, error) {
	p.accept('{')
	if p.accept('}') {
		return nil, nil
	}
	var items []string
	for {
		item, err := p.word("an item")
		if err != nil {
			return nil, err
		}
		items = append(items, strings.Clone(item))
		if p.accept('}') {
			return items, nil
		}
		if err := p.expect(',', "an item"); err != nil {
			return nil, err
		}
	}
}
