// Takes JavaScript or declarations, gives them formatted by Prettier, which is loaded only when it is needed.

export async function formatted(
  text: string,
  language: "javascript" | "typescript",
): Promise<string> {
  const [{ format }, estree, parser] = await Promise.all([
    import("prettier/standalone"),
    import("prettier/plugins/estree"),
    language === "javascript"
      ? import("prettier/plugins/babel")
      : import("prettier/plugins/typescript"),
  ]);
  return format(text, {
    parser: language === "javascript" ? "babel" : "typescript",
    plugins: [estree.default, parser.default],
    printWidth: 100,
  });
}
