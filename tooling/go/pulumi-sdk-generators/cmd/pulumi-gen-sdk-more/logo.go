package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
)

const logoSize = 64

// ownLogo answers every request with the package's logo: the generator for .NET fetches one, and generating an SDK must need no network
// and must give the same files everywhere.
type ownLogo struct{}

func (ownLogo) RoundTrip(request *http.Request) (*http.Response, error) {
	picture := image.NewPaletted(image.Rect(0, 0, logoSize, logoSize), color.Palette{color.Transparent, color.RGBA{0x1b, 0x6e, 0xc2, 0xff}})
	// a disc
	for y := 0; y < logoSize; y++ {
		for x := 0; x < logoSize; x++ {
			dx, dy := 2*x+1-logoSize, 2*y+1-logoSize
			if dx*dx+dy*dy <= (logoSize-4)*(logoSize-4) {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, picture); err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        "200 OK",
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"image/png"}},
		Body:          io.NopCloser(&encoded),
		ContentLength: int64(encoded.Len()),
		Request:       request,
	}, nil
}
