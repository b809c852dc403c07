/** A sheet that the bundler puts into the code as text. */
declare module "*.css" {
  const text: string;
  export default text;
}
