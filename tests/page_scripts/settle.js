// Waits until fonts are there and every image has loaded or failed.
async () => {
  const images = [...document.images];
  for (const image of images) image.loading = "eager";
  const late = new Promise((done) => setTimeout(done, 5000));
  const decoded = images.map((image) => image.decode().catch(() => null));
  await Promise.race([Promise.all([document.fonts.ready, ...decoded]), late]);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}
