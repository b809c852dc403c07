/** Twice the size on the page: what a slide or a page in print takes. */
const scale = 2;

/** A drawing (see `svgText`) as a PNG, in base64: painted on a canvas of its own. */
export async function pngText(drawing: string, width: number, height: number): Promise<string> {
  const image = new Image();
  // A data URL, as the page's policy lets nothing else be an image.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const painter = canvas.getContext("2d");
  if (painter === null) throw new Error("this editor gives panels no canvas");
  painter.scale(scale, scale);
  painter.drawImage(image, 0, 0, width, height);
  return canvas.toDataURL("image/png").replace(/^data:image\/png;base64,/, "");
}
