/** What keeps the store's folder out of version control, but for what a person writes there to share. */
export const storeIgnores = "*\n!layouts.yaml\n!prices.yaml\n";
