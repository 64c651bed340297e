package process

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"

	"github.com/proffer-go/proffer/containerizer"
	"github.com/proffer-go/proffer/containerizer/process/internal/record"
)

// credential returns the user of that name or numeric id with all groups, or
// nil if it is the program's own.
func credential(name string) (*record.Credential, error) {
	if name == "" {
		return nil, nil
	}
	c, err := lookUpUser(name)
	if err != nil {
		return nil, err
	}
	switch own := os.Geteuid(); own {
	case int(c.GetUid()):
		return nil, nil
	case 0:
		return c, nil
	default:
		return nil, fmt.Errorf("run as user %q: %w: the program is user %d, only root may switch", name, os.ErrPermission, own)
	}
}

func lookUpUser(name string) (*record.Credential, error) {
	u, err := user.Lookup(name)
	if errors.As(err, new(user.UnknownUserError)) {
		id, parseErr := parseID(name)
		if parseErr != nil {
			return nil, fmt.Errorf("%w: %q", containerizer.ErrUnknownUser, name)
		}
		u, err = user.LookupId(name)
		if errors.As(err, new(user.UnknownUserIdError)) {
			// An id without a name is a user all the same; the group of the
			// same number is the only one that is not too much.
			return &record.Credential{Uid: id, Gid: id}, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", name, err)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of user %q: %w", name, err)
	}
	c := new(record.Credential)
	if c.Uid, err = parseID(u.Uid); err != nil {
		return nil, fmt.Errorf("user %q: %w", name, err)
	}
	if c.Gid, err = parseID(u.Gid); err != nil {
		return nil, fmt.Errorf("user %q: %w", name, err)
	}
	for _, group := range groups {
		id, err := parseID(group)
		if err != nil {
			return nil, fmt.Errorf("groups of user %q: %w", name, err)
		}
		c.Groups = append(c.Groups, id)
	}
	return c, nil
}

func parseID(s string) (uint32, error) {
	id, err := strconv.ParseUint(s, 10, 32)
	if err == nil && uint32(id) == ^uint32(0) {
		err = fmt.Errorf("id %s is reserved", s)
	}
	return uint32(id), err
}
