// Open opens the examples of its arguments with go-jose and prints each plaintext in a line.
package main

import (
	"encoding/json"
	"log"
	"os"

	jose "github.com/go-jose/go-jose/v4"
)

type example struct {
	Key    jose.JSONWebKey `json:"key"`
	Sealed json.RawMessage `json:"sealed"`
}

func main() {
	for _, path := range os.Args[1:] {
		if err := open(path); err != nil {
			log.Fatal(path, ": ", err)
		}
	}
}

func open(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var given example
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	wrapping := []jose.KeyAlgorithm{jose.ECDH_ES_A256KW, jose.RSA_OAEP_256}
	sealed, err := jose.ParseEncryptedJSON(string(given.Sealed), wrapping, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return err
	}
	_, _, plain, err := sealed.DecryptMulti(given.Key)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(plain, '\n'))
	return err
}
