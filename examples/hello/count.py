def main(args):
    """Answers how many words the text has."""
    words = args.get("text", "").split()
    print(f"counting {len(words)} words")
    return {"words": len(words)}
