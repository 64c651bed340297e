package resources

import (
	"errors"
	"fmt"
	"strings"
)

// parseReservations reads what follows "(". The role "*" is Mesos's way to say
// that something is not reserved.
func parseReservations(p *scanner) ([]Reservation, error) {
	if p.accept('*') {
		return nil, p.expect(')', "the role \"*\"")
	}
	var stack []Reservation
	for {
		r, err := parseReservation(p)
		if err != nil {
			return nil, err
		}
		stack = append(stack, r)
		if p.accept(')') {
			return stack, nil
		}
		if err := p.expect(',', "a reservation"); err != nil {
			return nil, err
		}
	}
}

func parseReservation(p *scanner) (r Reservation, err error) {
	r.Dynamic = p.accept('+')
	if r.Role, err = p.word("the role"); err != nil {
		return r, err
	}
	r.Role = strings.Clone(r.Role)
	if p.accept('@') {
		if r.Principal, err = p.word("the principal"); err != nil {
			return r, err
		}
		r.Principal = strings.Clone(r.Principal)
	}
	if p.accept('{') {
		r.Labels, err = parseLabels(p)
	}
	return r, err
}

func parseLabels(p *scanner) (map[string]string, error) {
	labels := make(map[string]string)
	for {
		key, err := p.word("a label")
		if err != nil {
			return nil, err
		}
		value := ""
		if p.accept('=') {
			if value, err = p.word("the value of a label"); err != nil {
				return nil, err
			}
		}
		if _, twice := labels[key]; twice {
			return nil, fmt.Errorf("label %q is there twice", excerpt(key))
		}
		labels[strings.Clone(key)] = strings.Clone(value)
		if p.accept('}') {
			return labels, nil
		}
		if err := p.expect(',', "a label"); err != nil {
			return nil, err
		}
	}
}

// parseDisk reads what follows "[".
func parseDisk(p *scanner) (*DiskInfo, error) {
	var d DiskInfo
	var err error
	switch {
	case p.acceptText("PATH:"):
		d.Kind = DiskPath
	case p.acceptText("MOUNT:"):
		d.Kind = DiskMount
	}
	if d.Kind != DiskRoot {
		if d.Path, err = p.word("the path of the disk"); err != nil {
			return nil, err
		}
		d.Path = strings.Clone(d.Path)
		if p.accept(']') {
			return &d, nil
		}
		if err := p.expect(',', "the path of the disk"); err != nil {
			return nil, err
		}
	}
	if !p.acceptText("VOLUME:") {
		return nil, errors.New("kind of disk is missing: want PATH, MOUNT or VOLUME with a colon")
	}
	if d.Volume, err = parseVolume(p); err != nil {
		return nil, err
	}
	return &d, p.expect(']', "the volume")
}

func parseVolume(p *scanner) (*Volume, error) {
	var v Volume
	var err error
	if v.ID, err = p.word("the id of the volume"); err != nil {
		return nil, err
	}
	v.ID = strings.Clone(v.ID)
	if p.accept('@') {
		if v.Principal, err = p.word("the principal"); err != nil {
			return nil, err
		}
		v.Principal = strings.Clone(v.Principal)
	}
	if err := p.expect(':', "the id of the volume"); err != nil {
		return nil, err
	}
	if v.ContainerPath, err = p.word("the container path"); err != nil {
		return nil, err
	}
	v.ContainerPath = strings.Clone(v.ContainerPath)
	v.ReadOnly = p.acceptText(":ro")
	return &v, nil
}
